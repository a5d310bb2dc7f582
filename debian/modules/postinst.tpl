<% /* A template, and no script itself. */ -%>
#!/bin/sh
set -e

depmod '<%= it.binary.release %>' || true

#DEBHELPER#
