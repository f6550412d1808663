//! The filter of system calls: what a process that holds secrets never needs.

use std::collections::BTreeMap;

use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, TargetArch, sock_filter};

/// Calls that fail with `EPERM`. Everything else stays allowed: the point is to have no way out, not to guess every
/// call that libraries make.
const DENIED: &[libc::c_long] = &[
    // Ways to the network, also by sockets of other kinds.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    // New programs.
    libc::SYS_execve,
    libc::SYS_execveat,
    // Into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Around this filter: work done by the kernel for us.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Into the kernel.
    libc::SYS_bpf,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Other views of the machine.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
];

/// Calls from here up are the x32 set of x86-64: the same services under other numbers, refused as a whole.
const X32: u32 = 0x4000_0000;

/// The program for the kernel.
pub fn filter() -> Result<BpfProgram, BackendError> {
    let denied: BTreeMap<i64, Vec<_>> = DENIED.iter().map(|number| (*number, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(denied, SeccompAction::Allow, refuse, architecture()?)?;
    let mut program = refuse_x32();
    program.extend(BpfProgram::try_from(filter)?);
    Ok(program)
}

fn architecture() -> Result<TargetArch, BackendError> {
    TargetArch::try_from(std::env::consts::ARCH)
}

/// `if number >= X32 { EPERM }`. On other machines no call has such a number.
fn refuse_x32() -> BpfProgram {
    let load_number = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    let jump_if_x32 = sock_filter { code: 0x35, jt: 0, jf: 1, k: X32 };
    let return_eperm =
        sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs() };
    vec![load_number, jump_if_x32, return_eperm]
}

#[cfg(test)]
mod tests;
