# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
# Read by akms(8), whose own build() does what is needed.
modname=<%= it.name %>
modver=<%= it.alpineVersion %>
built_modules=<%= it.quote(it.builtModules.join(' ')) %>
<% if (it.akmsBuild.length > 0) { -%>

build() {
<% it.akmsBuild.forEach((line) => { -%>
	<%= line %>
<% }) -%>
}
<% } -%>
