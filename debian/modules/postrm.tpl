<% /* A template, and no script itself. */ -%>
#!/bin/sh
set -e

# The kernel itself may have gone first.
if [ -d '/lib/modules/<%= it.binary.release %>/kernel' ]; then
	depmod '<%= it.binary.release %>' || true
fi

#DEBHELPER#
