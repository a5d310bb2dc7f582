# Rendered by vmmci-dkms <%= it.version %> from rpm/modules.spec.tpl and the manifest. Do not edit.
# The modules as they were built for one kernel: nothing may change them again,
# a signature would not survive it.
%global __os_install_post %{nil}
%global debug_package %{nil}
Name:           <%= it.binary.name %>
Version:        <%= it.rpmVersion %>
Release:        1
Summary:        <%= it.rpm(it.summary) %>, built for <%= it.binary.release %>
License:        <%= it.license %>
<% if (it.homepage) { -%>
URL:            <%= it.rpm(it.homepage) %>
<% } -%>
Source0:        <%= it.binary.tarball %>
ExclusiveArch:  <%= it.binary.rpmArchitecture %>
# What Fedora, RHEL and openSUSE say a kernel of this very release is.
Requires:       kernel-uname-r = <%= it.binary.release %>
Conflicts:      <%= it.name %>

%description
<%= it.rpm(it.descriptionLines) %>

Built for kernel <%= it.binary.release %> and no other; needs no compiler.

%prep
%setup -q -n <%= it.binary.name %>-<%= it.version %>

%build

%install
mkdir -p %{buildroot}/usr/lib/modules/<%= it.binary.release %>/updates
cp -p *.ko %{buildroot}/usr/lib/modules/<%= it.binary.release %>/updates
<% if (it.udev) { -%>
install -D -m 644 udev.rules %{buildroot}%{_prefix}/lib/udev/rules.d/60-%{name}.rules
<% } -%>

%post
/sbin/depmod <%= it.binary.release %> || :

%postun
if [ -d /lib/modules/<%= it.binary.release %>/kernel ]; then
	/sbin/depmod <%= it.binary.release %> || :
fi

%files
%license LICENSE
%doc CHANGELOG.md
<% if (it.udev) { -%>
%{_prefix}/lib/udev/rules.d/60-%{name}.rules
<% } -%>
%dir /usr/lib/modules/<%= it.binary.release %>/updates
<% it.modules.forEach((module) => { -%>
/usr/lib/modules/<%= it.binary.release %>/updates/<%= module %>.ko
<% }) -%>

%changelog
<%= it.rpm(it.rpmChangelog) %>
