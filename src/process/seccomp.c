/*
 * The system calls a function has no business with. A list of what is denied, not of what is
 * allowed: runtimes of the next ten years must start. What it takes away is what reaches beyond the
 * process tree (other processes' memory, mounts, modules, keys, clocks) or what has been the way
 * into kernels lately (user namespaces, io_uring, bpf, userfaultfd, perf).
 */
#include "process/confine.h"
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const int denied[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(process_mrelease),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(nfsservctl),
};

static int add_rules(scmp_filter_ctx f)
{
    static const unsigned long spaces[] = {CLONE_NEWNS,    CLONE_NEWUTS, CLONE_NEWIPC,
                                           CLONE_NEWUSER,  CLONE_NEWPID, CLONE_NEWNET,
                                           CLONE_NEWCGROUP};
    static const int families[] = {AF_PACKET, AF_ALG,  AF_VSOCK, AF_KEY, AF_BLUETOOTH,
                                   AF_CAN,    AF_TIPC, AF_RDS,   AF_XDP};
    int r = 0;
    for (size_t i = 0; !r && i < sizeof denied / sizeof *denied; i++) {
        /* negative pseudo numbers: calls this architecture (or libseccomp) does not have */
        if (denied[i] >= 0)
            r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    }
    for (size_t i = 0; !r && i < sizeof spaces / sizeof *spaces; i++)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]));
    /* Its flags lie in memory, where a filter cannot look: "no such call" makes libc use clone. */
    if (!r)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    for (size_t i = 0; !r && i < sizeof families / sizeof *families; i++)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                             SCMP_A0(SCMP_CMP_EQ, (unsigned)families[i]));
    if (!r) /* pushing characters into a terminal's input */
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI));
    if (!r) /* joining the server's own port, and so receiving what is sent to it */
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setsockopt), 2,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, SOL_SOCKET),
                             SCMP_A2(SCMP_CMP_MASKED_EQ, 0xffffffffu, SO_REUSEPORT));
    return r;
}

int wb_confine_seccomp(void)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f)
        return -ENOMEM;
    /* no_new_privs is set by the caller; level 2 = a search tree instead of a list */
    int r = seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0);
    if (!r)
        r = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!r)
        r = add_rules(f);
    if (!r)
        r = seccomp_load(f);
    seccomp_release(f);
    return r;
}
