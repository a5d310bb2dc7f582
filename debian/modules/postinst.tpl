#!/bin/sh
set -e

depmod '<%= it.binary.release %>' || true

#DEBHELPER#
