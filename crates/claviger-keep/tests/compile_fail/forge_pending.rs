//! `Pending` is made by the signer alone.
fn main() {
    let _ = claviger_keep::Pending {
        exchange: todo!(),
        leaves: todo!(),
        matter: todo!(),
        sent: todo!(),
        real_id: todo!(),
        left: todo!(),
        only: todo!(),
    };
}
