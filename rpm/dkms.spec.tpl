# Rendered by vmmci-dkms <%= it.version %> from rpm/dkms.spec.tpl and the manifest. Do not edit.
Name:           <%= it.name %>
Version:        <%= it.rpmVersion %>
Release:        1
Summary:        <%= it.rpm(it.summary) %>
License:        <%= it.license %>
<% if (it.homepage) { -%>
URL:            <%= it.rpm(it.homepage) %>
<% } -%>
Source0:        <%= it.tarball %>
BuildArch:      noarch
Requires:       dkms >= <%= it.dkmsMin %>
# What dkms and the kernel's package name leave open, by distribution.
Recommends:     (kernel-devel or kernel-default-devel)

%description
<%= it.rpm(it.descriptionLines) %>

%prep
%setup -q -n <%= it.name %>-<%= it.version %>

%build
# dkms builds, on the machine that has the kernels.

%install
mkdir -p %{buildroot}%{_usrsrc}
cp -R src %{buildroot}%{_usrsrc}/<%= it.name %>-<%= it.version %>
install -D -m 755 every-kernel %{buildroot}%{_libexecdir}/%{name}/every-kernel
install -D -m 644 half-key.conf %{buildroot}%{_sysconfdir}/dkms/framework.conf.d/zz-%{name}.conf
<% if (it.udev) { -%>
install -D -m 644 udev.rules %{buildroot}%{_prefix}/lib/udev/rules.d/60-%{name}.rules
<% } -%>
<% it.manuals.forEach((manual) => { -%>
install -D -m 644 man/<%= manual %> %{buildroot}%{_mandir}/man<%= manual.split('.').at(-1) %>/<%= manual %>
<% }) -%>

# At an upgrade the old package's %%preun comes after the new one's %%post: it
# must not take away what was just built, so it acts only with the last one.
%post
%{_libexecdir}/%{name}/every-kernel install <%= it.name %> <%= it.version %> || :

%preun
if [ "$1" -eq 0 ]; then
	%{_libexecdir}/%{name}/every-kernel remove <%= it.name %> || :
fi

%files
%license LICENSE
%doc CHANGELOG.md
<% if (it.chrony) { -%>
%doc chrony.conf chrony.service.conf
<% } -%>
<% if (it.udev) { -%>
%{_prefix}/lib/udev/rules.d/60-%{name}.rules
<% } -%>
%{_usrsrc}/<%= it.name %>-<%= it.version %>
%{_libexecdir}/%{name}
%config(noreplace) %{_sysconfdir}/dkms/framework.conf.d/zz-%{name}.conf
<% it.manuals.forEach((manual) => { -%>
%{_mandir}/man<%= manual.split('.').at(-1) %>/<%= manual %>*
<% }) -%>

%changelog
<%= it.rpm(it.rpmChangelog) %>
