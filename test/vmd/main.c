// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmd-vmmci: vmd's vmmci device for a stock QEMU, with a vmctl-like socket
 *
 *	vmd-vmmci VFIO-SOCKET CONTROL-SOCKET LOG [FEATURES]
 *
 * One thread, one poll(). Ends when the VM does. The log has one JSON object
 * a line: "ns" is the host's clock as the guest should see it.
 */

#define _GNU_SOURCE
#include "vfio_user.h"
#include "vmmci.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CLIENTS	8

/* Everything there is; @dev comes first, so that ops find the rest. */
struct vm {
	struct vmmci dev;
	struct vfio_user vfio;
	uint8_t config[256];
	uint8_t config_mask[256];	/* bits that the guest may write */
	int timer_fd;
	int clients[MAX_CLIENTS];
	FILE *log;
	bool ended;
	const char *why;
};

static struct vm *vm_of(struct vmmci *v)
{
	return (struct vm *)v;
}

__attribute__((format(printf, 2, 3)))
static void log_line(struct vm *vm, const char *fmt, ...)
{
	va_list args;

	fprintf(vm->log, "{\"ns\":%" PRId64 ",", vmmci_now(&vm->dev));
	va_start(args, fmt);
	vfprintf(vm->log, fmt, args);
	va_end(args);
	fputs("}\n", vm->log);
}

/* -- what the device asks for -- */

static void on_line(struct vmmci *v, bool level)
{
	vfio_user_line(&vm_of(v)->vfio, level);
}

static void on_timer(struct vmmci *v, unsigned int seconds)
{
	struct itimerspec spec = { .it_value.tv_sec = seconds };

	timerfd_settime(vm_of(v)->timer_fd, 0, &spec, NULL);
	log_line(vm_of(v), "\"event\":\"timer\",\"value\":%u", seconds);
}

/* As vmd does: the guest is not asked again, it is over. */
static void on_end_vm(struct vmmci *v, const char *why)
{
	struct vm *vm = vm_of(v);

	vm->ended = true;
	vm->why = why;
	log_line(vm, "\"event\":\"vm-end\",\"why\":\"%s\"", why);
	if (vm->vfio.peer > 0)
		kill(vm->vfio.peer, SIGKILL);
}

static void on_event(struct vmmci *v, const char *what, uint64_t value)
{
	log_line(vm_of(v), "\"event\":\"%s\",\"value\":%" PRIu64, what, value);
}

static const struct vmmci_ops device_ops = {
	.line = on_line,
	.timer = on_timer,
	.end_vm = on_end_vm,
	.event = on_event,
};

/* -- what QEMU asks for -- */

static void log_access(struct vm *vm, const char *what, uint32_t offset,
		       unsigned int width, uint32_t value)
{
	bool listed = vmmci_listed(offset, width, what[0] == 'w');

	log_line(vm, "\"event\":\"%s\",\"offset\":%u,\"width\":%u,\"value\":%u,\"listed\":%s",
		 what, offset, width, value, listed ? "true" : "false");
}

static uint32_t bar_read(void *dev, uint32_t offset, unsigned int width)
{
	struct vm *vm = dev;
	uint32_t value = vmmci_read(&vm->dev, offset, width);

	log_access(vm, "read", offset, width, value);
	return value;
}

static void bar_write(void *dev, uint32_t offset, unsigned int width,
		      uint32_t value)
{
	struct vm *vm = dev;

	log_access(vm, "write", offset, width, value);
	vmmci_write(&vm->dev, offset, width, value);
}

static uint8_t config_read(void *dev, uint32_t offset)
{
	struct vm *vm = dev;

	return vm->dev.hostile == HOSTILE_VANISH ? 0xff : vm->config[offset];
}

static void config_write(void *dev, uint32_t offset, uint8_t value)
{
	struct vm *vm = dev;
	uint8_t mask = vm->config_mask[offset];

	vm->config[offset] = (uint8_t)((vm->config[offset] & ~mask) |
				       (value & mask));
}

static void machine_reset(void *dev)
{
	struct vm *vm = dev;

	log_line(vm, "\"event\":\"machine-reset\"");
	vmmci_machine_reset(&vm->dev);
}

static const struct vfio_user_ops vfio_ops = {
	.bar_size = VMMCI_BAR_SIZE,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.config_read = config_read,
	.config_write = config_write,
	.reset = machine_reset,
};

static void init_config(struct vm *vm)
{
	static const uint8_t config[] = {
		0x5d, 0x0b, 0x77, 0x07,		/* vendor, device */
		0x00, 0x00, 0x00, 0x00,		/* command, status */
		0x00, 0x00, 0x80, 0x07,		/* revision 0, class 07 80 00 */
		0x00, 0x00, 0x00, 0x00,
		0x01, 0x00, 0x00, 0x00,		/* BAR 0: I/O ports */
	};

	memcpy(vm->config, config, sizeof(config));
	memcpy(vm->config + 0x2c, "\x5d\x0b\xff\xff", 4);	/* subsystem */
	vm->config[0x3d] = 1;		/* interrupt pin A */
	vm->config_mask[0x04] = 0x07;	/* I/O, memory, bus master */
	vm->config_mask[0x05] = 0x04;	/* INTx disable */
	vm->config_mask[0x11] = 0xf0;	/* a BAR of 4096 bytes */
	vm->config_mask[0x12] = 0xff;
	vm->config_mask[0x13] = 0xff;
	vm->config_mask[0x3c] = 0xff;	/* interrupt line */
}

/* -- what a person or a test asks for -- */

static bool do_vmctl(struct vm *vm, const char *word)
{
	static const char * const names[] = { "none", "stop", "reboot", "sync" };

	for (uint32_t cmd = VMMCI_SHUTDOWN; cmd <= VMMCI_SYNCRTC; cmd++) {
		if (!strcmp(word, names[cmd])) {
			log_line(vm, "\"event\":\"vmctl\",\"value\":%u", cmd);
			vmmci_ctl(&vm->dev, cmd);
			return true;
		}
	}
	return false;
}

static bool do_hostile(struct vm *vm, const char *word, double arg)
{
	static const char * const names[] = {
		[HONEST] = "honest",
		[HOSTILE_SEC] = "sec",
		[HOSTILE_USEC] = "usec",
		[HOSTILE_BACKWARDS] = "backwards",
		[HOSTILE_STORM] = "storm",
		[HOSTILE_SLOW] = "slow",
		[HOSTILE_LATE] = "late",
		[HOSTILE_VANISH] = "vanish",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(word, names[i])) {
			vmmci_set_hostile(&vm->dev, (enum vmmci_hostile)i,
					  (uint64_t)arg);
			return true;
		}
	}
	return false;
}

/*
 *	stop | reboot | sync		as vmctl, and as vmd after a resume
 *	sleep SECONDS			the host sleeps and wakes: clock, then sync
 *	clock OFFSET-S PPM		the host's clock against this machine's
 *	features MASK			offered at the next negotiation
 *	command N | irq			any command; an interrupt with no status
 *	honest | sec N | usec N | backwards US | storm N | slow MS | late MS |
 *	vanish
 *	status
 */
static bool do_command(struct vm *vm, const char *word, double a, double b)
{
	struct vmmci *v = &vm->dev;

	if (do_vmctl(vm, word) || do_hostile(vm, word, a) ||
	    !strcmp(word, "status"))
		return true;
	if (!strcmp(word, "sleep")) {
		vmmci_set_clock(v, v->clock_offset + (int64_t)(a * 1e9),
				v->clock_ppm);
		return do_vmctl(vm, "sync");
	}
	if (!strcmp(word, "clock"))
		vmmci_set_clock(v, (int64_t)(a * 1e9), b);
	else if (!strcmp(word, "features"))
		v->features = (uint32_t)a;
	else if (!strcmp(word, "command"))
		vmmci_force(v, (uint32_t)a, 2);
	else if (!strcmp(word, "irq"))
		vmmci_force(v, v->cmd, 0);
	else
		return false;
	return true;
}

static void control(struct vm *vm, int fd, char *line)
{
	char word[32] = "", answer[256];
	double a = 0, b = 0;
	int n;

	sscanf(line, "%31s %lf %lf", word, &a, &b);
	log_line(vm, "\"event\":\"control\",\"line\":\"%s\"", word);
	if (do_command(vm, word, a, b))
		n = snprintf(answer, sizeof(answer),
			     "{\"ok\":true,\"ns\":%" PRId64 ",\"status\":%u,\"guestFeatures\":%u,\"command\":%u,\"timer\":%s}\n",
			     vmmci_now(&vm->dev), vm->dev.status,
			     vm->dev.guest_features, vm->dev.cmd,
			     vm->dev.timer_pending ? "true" : "false");
	else
		n = snprintf(answer, sizeof(answer),
			     "{\"ok\":false,\"error\":\"unknown command\"}\n");
	fflush(vm->log);
	if (write(fd, answer, (size_t)n) != n)
		log_line(vm, "\"event\":\"control-gone\"");
}

/* A request is one line, and fits one read. */
static void serve_client(struct vm *vm, int *fd)
{
	char line[256];
	ssize_t n = read(*fd, line, sizeof(line) - 1);

	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	line[n] = '\0';
	for (char *save, *l = strtok_r(line, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save))
		control(vm, *fd, l);
}

static void accept_client(struct vm *vm, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; i < MAX_CLIENTS && fd >= 0; i++) {
		if (vm->clients[i] < 0) {
			vm->clients[i] = fd;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

/* -- the loop -- */

static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "%s: path too long\n", path);
		exit(2);
	}
	strcpy(addr.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 4)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void serve_vfio(struct vm *vm)
{
	if (!vfio_user_serve(&vm->vfio))
		return;
	vfio_user_close(&vm->vfio);
	log_line(vm, "\"event\":\"vm-gone\"");
	vm->ended = true;
}

static void loop(struct vm *vm, int vfio_listener, int control_listener)
{
	struct pollfd p[4 + MAX_CLIENTS];

	while (!vm->ended) {
		p[0] = (struct pollfd){ .fd = vfio_listener, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = control_listener, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = vm->timer_fd, .events = POLLIN };
		p[3] = (struct pollfd){ .fd = vm->vfio.fd, .events = POLLIN };
		for (int i = 0; i < MAX_CLIENTS; i++)
			p[4 + i] = (struct pollfd){ .fd = vm->clients[i],
						    .events = POLLIN };

		if (poll(p, 4 + MAX_CLIENTS, -1) < 0 && errno != EINTR)
			return;
		/* The guest first: its clock readings wait for us. */
		if (p[3].revents)
			serve_vfio(vm);
		if (p[0].revents && !vfio_user_accept(&vm->vfio, vfio_listener))
			log_line(vm, "\"event\":\"vm-start\"");
		if (p[2].revents) {
			uint64_t expired;

			if (read(vm->timer_fd, &expired, sizeof(expired)) > 0)
				vmmci_timeout(&vm->dev);
		}
		if (p[1].revents)
			accept_client(vm, control_listener);
		for (int i = 0; i < MAX_CLIENTS; i++) {
			if (p[4 + i].revents)
				serve_client(vm, &vm->clients[i]);
		}
		/* Only now: vmd writes no log while the guest waits. */
		fflush(vm->log);
	}
}

int main(int argc, char **argv)
{
	struct vm vm = { .log = NULL };
	int vfio_listener, control_listener;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: %s VFIO-SOCKET CONTROL-SOCKET LOG [FEATURES]\n",
			argv[0]);
		return 2;
	}
	vm.log = fopen(argv[3], "w");
	if (!vm.log) {
		perror(argv[3]);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	vm.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	for (int i = 0; i < MAX_CLIENTS; i++)
		vm.clients[i] = -1;
	vmmci_init(&vm.dev, &device_ops);
	if (argc == 5)
		vm.dev.features = (uint32_t)strtoul(argv[4], NULL, 0);
	vfio_user_init(&vm.vfio, &vfio_ops, &vm);
	init_config(&vm);

	control_listener = listen_on(argv[2]);
	vfio_listener = listen_on(argv[1]);
	/* Whoever started us waits for a line before it starts QEMU. */
	puts("listening");
	fflush(stdout);
	loop(&vm, vfio_listener, control_listener);

	vfio_user_close(&vm.vfio);
	for (int i = 0; i < MAX_CLIENTS; i++) {
		if (vm.clients[i] >= 0)
			close(vm.clients[i]);
	}
	close(vfio_listener);
	close(control_listener);
	close(vm.timer_fd);
	unlink(argv[1]);
	unlink(argv[2]);
	fclose(vm.log);
	return 0;
}
