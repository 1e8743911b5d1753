//! The seccomp filter: the kernel refuses calls that no program needs which computes. They reach other
//! processes and keys, take memory that nobody counts, or are new and large enough to have had holes.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use libc::{ENOSYS, EPERM};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use crate::channel::text;

/// Calls that are refused whatever their arguments are.
const REFUSED: [libc::c_long; 57] = [
    // Keys, which outlive a process and are the user's.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Other processes.
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    // The network, and messages to other programs of this machine. Pairs of connected streams remain.
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_socket,
    // With these, one process hands open files to another, out of the sight of whoever counts them.
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    // Memory that belongs to no process.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_shmget,
    // Namespaces and mounts.
    libc::SYS_chroot,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
    // Large parts of the kernel.
    libc::SYS_bpf,
    libc::SYS_fanotify_init,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_perf_event_open,
    libc::SYS_quotactl,
    libc::SYS_userfaultfd,
    // The system as a whole.
    libc::SYS_acct,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
];

/// The flags of `clone` that make a namespace.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// An x86-64 kernel may take each call by a second number, of the x32 interface, which has this bit.
const X32: i64 = 0x4000_0000;

/// The calls that have numbers of their own there: ptrace, process_vm_readv, process_vm_writev,
/// kexec_load and sendmsg, sendmmsg.
const X32_ALONE: [i64; 6] = [521, 539, 540, 528, 518, 538];

/// Filters the calls of this process and of all that it starts.
///
/// # Errors
///
/// The error of the system, as a text.
pub(crate) fn restrict() -> Result<(), String> {
    // The C library then takes clone, whose flags a filter can see.
    let clone3 = [libc::SYS_clone3, libc::SYS_clone3 | X32].map(|call| (call, Vec::new()));
    let clone3 = filter(clone3.into(), ENOSYS)?;
    let refused = filter(refused()?, EPERM)?;
    apply_filter(&clone3).and_then(|()| apply_filter(&refused)).map_err(text)
}

fn filter(
    calls: BTreeMap<i64, Vec<SeccompRule>>,
    error: libc::c_int,
) -> Result<BpfProgram, String> {
    let machine: TargetArch = ARCH.try_into().map_err(text)?;
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, refuse, machine).map_err(text)?;
    filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())
}

/// The refused calls by their numbers; one with rules is refused where a rule matches.
fn refused() -> Result<BTreeMap<i64, Vec<SeccompRule>>, String> {
    let is_asked = |argument, comparison, value: u64| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map_err(text)
    };
    let a_namespace = |flag: &libc::c_int| {
        let flag = u64::from(flag.unsigned_abs());
        is_asked(0, SeccompCmpOp::MaskedEq(flag), flag)
    };
    let namespaces = NAMESPACES.iter().map(a_namespace).collect::<Result<Vec<_>, _>>()?;
    // Whoever watches a program counts its open files, which it could hide.
    let dumpable = u64::from(libc::PR_SET_DUMPABLE.unsigned_abs());
    let hiding = vec![is_asked(0, SeccompCmpOp::Eq, dumpable)?];
    // One end of a pair of datagrams can write to any other socket that it can name.
    let datagram = u64::from(libc::SOCK_DGRAM.unsigned_abs());
    let datagrams = vec![is_asked(1, SeccompCmpOp::MaskedEq(0xf), datagram)?];
    let refused = REFUSED.into_iter().map(|call| (call, Vec::new()));
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = refused
        .chain([
            (libc::SYS_clone, namespaces),
            (libc::SYS_prctl, hiding),
            (libc::SYS_socketpair, datagrams),
        ])
        .collect();
    if ARCH == "x86_64" {
        let again: Vec<_> = calls.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
        calls.extend(again);
        calls.extend(X32_ALONE.map(|call| (call | X32, Vec::new())));
    }
    Ok(calls)
}
