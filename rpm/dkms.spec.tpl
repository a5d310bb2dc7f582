# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
<% if (it.programs.length > 0) { -%>
%global debug_package %{nil}
%global _build_id_links none
<% } -%>
Name:           <%= it.name %>
Version:        <%= it.rpmVersion %>
Release:        1
Summary:        <%= it.rpm(it.summary) %>
License:        <%= it.rpm(it.license) %>
<% if (it.homepage) { -%>
URL:            <%= it.rpm(it.homepage) %>
<% } -%>
Source0:        <%= it.tarball %>
<% if (it.programs.length === 0) { -%>
BuildArch:      noarch
<% } else for (const name of ['gcc', 'make', ...(it.needs.dnf ?? [])]) { -%>
BuildRequires:  <%= name %>
<% } -%>
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
<% if (it.tools) { -%>
Suggests:       %{name}-tools
<% } -%>

%description
<%= it.rpm(it.descriptionLines) %>
<% if (it.tools) { -%>

%package tools
Summary:        Command that looks after kernel modules built by DKMS
License:        <%= it.tools.license %>
# Fedora and RHEL say by this name which Node it is, without an epoch.
Requires:       (nodejs(engine) >= <%= it.tools.node %> or nodejs >= <%= it.tools.node %>)
Recommends:     dkms

%description tools
%{name} shows whether the modules of the package of that name work, builds,
signs and checks them, and says which command mends what is wrong. kmod-pack is
the same for any other module: it makes packages from a manifest.
<% } -%>

%prep
%setup -q -n <%= it.name %>-<%= it.version %>

%build
# dkms builds, on the machine that has the kernels.
<% if (it.programs.length > 0) { -%>
%{?set_build_flags}
# Nothing of what is built tells where that was.
map="-ffile-prefix-map=$PWD=."
export CFLAGS="${CFLAGS:-%{optflags}} $map" CXXFLAGS="${CXXFLAGS:-%{optflags}} $map"
cp -R src built
built/<%= it.programScript %>
<% } -%>

%install
mkdir -p %{buildroot}%{_usrsrc}
cp -R src %{buildroot}%{_usrsrc}/<%= it.name %>-<%= it.version %>
install -D -m 755 every-kernel %{buildroot}%{_libexecdir}/%{name}/every-kernel
<% it.files.forEach(({ path, mode }) => { -%>
install -D -m <%= mode %> files<%= path %> %{buildroot}<%= path %>
<% }) -%>
<% it.programs.forEach(({ path, from }) => { -%>
install -D -m 755 built/<%= from %> %{buildroot}<%= path %>
<% }) -%>
<% it.manuals.forEach((manual) => { -%>
install -D -m 644 man/<%= manual %> %{buildroot}%{_mandir}/man<%= manual.split('.').at(-1) %>/<%= manual %>
<% }) -%>
<% if (it.tools) { -%>
cp -a tools/. %{buildroot}
<% } -%>

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
<%= path.startsWith('/etc/') ? '%config(noreplace) ' : '' %><%= path %><%= path.startsWith('/usr/share/man/') ? '*' : '' %>
<% }) -%>
<% it.programs.forEach(({ path }) => { -%>
<%= path %>
<% }) -%>
%{_usrsrc}/<%= it.name %>-<%= it.version %>
%{_libexecdir}/%{name}
<% it.manuals.forEach((manual) => { -%>
%{_mandir}/man<%= manual.split('.').at(-1) %>/<%= manual %>*
<% }) -%>
<% if (it.tools) { -%>

%files tools
%license %{_datadir}/%{name}-tools/dist/THIRD-PARTY-NOTICES
%{_bindir}/*
%{_datadir}/%{name}-tools
%{_datadir}/bash-completion/completions/*
%{_datadir}/zsh/site-functions/*
%{_datadir}/fish/vendor_completions.d/*
%{_mandir}/man8/*
%{_mandir}/man5/*
<% } -%>

%changelog
<%= it.rpm(it.rpmChangelog) %>
