# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
# Holds for dkms 2.8.4 to 3.4: PACKAGE_* are literals for dh_dkms, MAKE begins
# with "make" so that dkms adds -jN, CLEAN is what 3.2 asks for.
PACKAGE_NAME="<%= it.name %>"
PACKAGE_VERSION="<%= it.version %>"
AUTOINSTALL="yes"
<% it.patches.forEach((patch, i) => { -%>
PATCH[<%= i %>]="<%= patch.name %>"
<% if (patch.match) { -%>
PATCH_MATCH[<%= i %>]='<%= patch.match %>'
<% } -%>
<% }) -%>
<% if (it.configure) { -%>
PRE_BUILD="<%= it.configure %>"
<% } -%>
<% it.make.forEach(({ text, when }, i) => { -%>
<% if (when) { -%>
if <%= when %>; then
<% } -%>
MAKE[0]<%= i > 0 ? '+' : '' %>="<%= text %>"
<% if (when) { -%>
fi
<% } -%>
<% }) -%>
# A kernel that clang built takes what clang builds; dkms before 3.2 does not see to it.
grep -qs '^CONFIG_CC_IS_CLANG=y' "${kernel_source_dir}/.config" && MAKE[0]="${MAKE[0]//make -C/make LLVM=1 -C}"
CLEAN="true"
# RHEL's weak-modules would link a module into kernels that it was not built for.
NO_WEAK_MODULES="yes"
<% if (it.conditional) { -%>
BUILT_MODULE_NAME=()
<% } -%>
<% it.modules.forEach((module, i) => { const at = it.conditional ? '${#BUILT_MODULE_NAME[@]}' : i; -%>
<% if (module.when) { -%>
if <%= module.when %>; then
<% } -%>
<% if (module.folder) { -%>
BUILT_MODULE_LOCATION[<%= at %>]="<%= module.folder %>/"
<% } -%>
<% if (module.as) { -%>
DEST_MODULE_NAME[<%= at %>]="<%= module.as %>"
<% } -%>
DEST_MODULE_LOCATION[<%= at %>]="<%= module.location %>"
BUILT_MODULE_NAME[<%= at %>]="<%= module.name %>"
<% if (module.when) { -%>
fi
<% } -%>
<% }) -%>
<% it.after.forEach((name, i) => { -%>
BUILD_DEPENDS[<%= i %>]="<%= name %>"
<% }) -%>
<% if (it.signing !== 'auto') { -%>
PRE_INSTALL="signature-policy <%= it.signing %> ${dkms_tree}/<%= it.name %>/<%= it.version %>/${kernelver}/${arch}/module"
<% } -%>
# What cannot work is skipped, not failed.
<% if (it.architectures) { -%>
BUILD_EXCLUSIVE_ARCH="<%= it.architectures %>"
<% } -%>
<% if (it.options) { -%>
BUILD_EXCLUSIVE_CONFIG="<%= it.options %>"
<% } -%>
<% if (it.kernelPattern) { -%>
BUILD_EXCLUSIVE_KERNEL='<%= it.kernelPattern %>'
<% } -%>
<% if (it.kernelMin) { -%>
BUILD_EXCLUSIVE_KERNEL_MIN="<%= it.kernelMin %>"
<% } -%>
