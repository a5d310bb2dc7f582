# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
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
<% const has = it.relations('dnf') -%>
<% for (const name of [...(it.needs.dnf ?? []), ...has.depends]) { -%>
Requires:       <%= name %>
<% } -%>
<% for (const [kind, tag] of [['recommends', 'Recommends:'], ['suggests', 'Suggests:  '], ['conflicts', 'Conflicts: '], ['replaces', 'Obsoletes: '], ['provides', 'Provides:  ']]) for (const name of has[kind]) { -%>
<%= tag %>     <%= name %>
<% } -%>

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
<% it.files.forEach(({ path, mode }) => { -%>
install -D -m <%= mode %> files<%= path %> %{buildroot}<%= path %>
<% }) -%>
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
<% if (it.hasLicense) { -%>
%license LICENSE
<% } -%>
<% it.documents.forEach((name) => { -%>
%doc doc/<%= name %>
<% }) -%>
<% it.files.forEach(({ path, mode }) => { -%>
<%= path.startsWith('/etc/') ? '%config(noreplace) ' : '' %><%= path %>
<% }) -%>
%{_usrsrc}/<%= it.name %>-<%= it.version %>
%{_libexecdir}/%{name}
<% it.manuals.forEach((manual) => { -%>
%{_mandir}/man<%= manual.split('.').at(-1) %>/<%= manual %>*
<% }) -%>

%changelog
<%= it.rpm(it.rpmChangelog) %>
