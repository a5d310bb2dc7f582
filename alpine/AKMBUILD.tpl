# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
# Read by akms(8), whose own build() does what is needed.
modname=<%= it.name %>
modver=<%= it.alpineVersion %>
<% it.akmsModules.forEach((line) => { -%>
<%= line %>
<% }) -%>
<% if (it.akmsBuild.length > 0) { -%>

build() {
<% it.akmsBuild.forEach((line) => { -%>
	<%= line %>
<% }) -%>
}
<% } -%>
