# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
# The modules as they were built for one kernel: nothing may change them again,
# a signature would not survive it.
%global __os_install_post %{nil}
%global debug_package %{nil}
Name:           <%= it.binary.name %>
Version:        <%= it.rpmVersion %>
Release:        1
Summary:        <%= it.rpm(it.summary) %>, built for <%= it.binary.release %>
License:        <%= it.rpm(it.license) %>
<% if (it.homepage) { -%>
URL:            <%= it.rpm(it.homepage) %>
<% } -%>
Source0:        <%= it.binary.tarball %>
ExclusiveArch:  <%= it.binary.rpmArchitecture %>
# What Fedora, RHEL and openSUSE say a kernel of this very release is.
Requires:       kernel-uname-r = <%= it.binary.release %>
Conflicts:      <%= it.name %>

%description
<%= it.rpm(it.builtLines) %>

Built for kernel <%= it.binary.release %> and no other; needs no compiler.

%prep
%setup -q -n <%= it.binary.name %>-<%= it.version %>

%build

%install
mkdir -p %{buildroot}/usr/lib/modules/<%= it.binary.release %>/updates
cp -p *.ko %{buildroot}/usr/lib/modules/<%= it.binary.release %>/updates
<% it.files.forEach(({ path, mode }) => { -%>
install -D -m <%= mode %> files<%= path %> %{buildroot}<%= path %>
<% }) -%>

%post
/sbin/depmod <%= it.binary.release %> || :

%postun
if [ -d /lib/modules/<%= it.binary.release %>/kernel ]; then
	/sbin/depmod <%= it.binary.release %> || :
fi

%files
<% if (it.hasLicense) { -%>
%license LICENSE
<% } -%>
<% it.documents.forEach((name) => { -%>
%doc doc/<%= name %>
<% }) -%>
<% it.files.forEach(({ path, mode }) => { -%>
<%= path.startsWith('/etc/') ? '%config(noreplace) ' : '' %><%= path %>
<% }) -%>
%dir /usr/lib/modules/<%= it.binary.release %>/updates
<% it.modules.forEach((module) => { -%>
/usr/lib/modules/<%= it.binary.release %>/updates/<%= module %>.ko
<% }) -%>

%changelog
<%= it.rpm(it.rpmChangelog) %>
