# Rendered by vmmci-dkms <%= it.version %> from dkms.conf.tpl and the manifest. Do not edit.
# Holds for dkms 2.8.4 to 3.4: PACKAGE_* are literals for dh_dkms, MAKE begins
# with "make" so that dkms adds -jN, CLEAN is what 3.2 asks for.
PACKAGE_NAME="<%= it.name %>"
PACKAGE_VERSION="<%= it.version %>"
AUTOINSTALL="yes"
MAKE[0]="make -C ${kernel_source_dir} M=${dkms_tree}/${PACKAGE_NAME}/${PACKAGE_VERSION}/build modules"
# A kernel that clang built takes what clang builds; dkms before 3.2 does not see to it.
grep -qs '^CONFIG_CC_IS_CLANG=y' "${kernel_source_dir}/.config" && MAKE[0]="${MAKE[0]} LLVM=1"
CLEAN="true"
# RHEL's weak-modules would link a module into kernels that it was not built for.
NO_WEAK_MODULES="yes"
<% it.modules.forEach((module, i) => { -%>
BUILT_MODULE_NAME[<%= i %>]="<%= module %>"
DEST_MODULE_LOCATION[<%= i %>]="<%= it.location %>"
<% }) -%>
<% if (it.signing !== 'auto') { -%>
PRE_INSTALL="signature-policy <%= it.signing %> ${dkms_tree}/${PACKAGE_NAME}/${PACKAGE_VERSION}/${kernelver}/${arch}/module"
<% } -%>
# What cannot work is skipped, not failed. There is no upper kernel bound: a
# kernel that breaks the build should be seen.
BUILD_EXCLUSIVE_ARCH="<%= it.architectures %>"
BUILD_EXCLUSIVE_CONFIG="<%= it.options %>"
BUILD_EXCLUSIVE_KERNEL_MIN="<%= it.kernelMin %>"
