<% /* A template, and no script itself. */ -%>
#!/bin/sh
set -e

if [ "$1" = configure ]; then
	/usr/libexec/<%= it.name %>/every-kernel install '<%= it.name %>' '<%= it.version %>' || true
fi

#DEBHELPER#
