# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel's headers have, whatever their version says.
# $(call has,HEADER,WORD,MACRO)
has = $(if $(shell grep -sw '$(2)' $(srctree)/include/linux/$(1)),-D$(3))

ccflags-y += $(call has,sysfs.h,sysfs_emit,HAVE_SYSFS_EMIT)
ccflags-y += $(call has,sysctl.h,register_sysctl_sz,HAVE_REGISTER_SYSCTL_SZ)
ccflags-y += $(call has,virtio_config.h,synchronize_cbs,HAVE_SYNCHRONIZE_CBS)
ccflags-y += $(call has,reboot.h,devm_register_sys_off_handler,HAVE_SYS_OFF_HANDLER)
ccflags-y += $(call has,ptp_clock_kernel.h,gettimex64,HAVE_PTP_GETTIMEX64)
ccflags-y += $(call has,suspend.h,ksys_sync_helper,HAVE_KSYS_SYNC_HELPER)
ccflags-y += $(call has,virtio.h,shutdown,HAVE_VIRTIO_DRIVER_SHUTDOWN)
ccflags-y += $(call has,sysctl.h,proc_dointvec.const,HAVE_CONST_CTL_TABLE)
ccflags-y += $(call has,timekeeper_internal.h,cs_tick_adj,HAVE_CS_TICK_ADJ)
