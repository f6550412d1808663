//! How hard it is to try one passphrase.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, Zeroizing};

use crate::error::VaultError;
use crate::passphrase::Passphrase;

/// The cost of Argon2id, version 0x13. There is none below [`Strength::FLOOR`] or above [`Strength::CEILING`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strength {
    kib: u32,
    passes: u32,
    lanes: u32,
}

impl Strength {
    /// The least: 64 MiB, 3 passes, 1 lane.
    pub const FLOOR: Self = Self { kib: 64 * 1024, passes: 3, lanes: 1 };
    /// What a new vault gets: 256 MiB, 3 passes, 4 lanes.
    pub const DEFAULT: Self = Self { kib: 256 * 1024, passes: 3, lanes: 4 };
    /// The most, so that an altered file cannot ask for all memory: 4 GiB, 64 passes, 64 lanes.
    pub const CEILING: Self = Self { kib: 4 * 1024 * 1024, passes: 64, lanes: 64 };

    /// Memory in KiB, passes over it, and lanes.
    pub fn new(kib: u32, passes: u32, lanes: u32) -> Result<Self, VaultError> {
        let asked = Self { kib, passes, lanes };
        if !asked.at_least(Self::FLOOR) {
            Err(VaultError::BelowFloor { kib, passes, lanes })
        } else if !Self::CEILING.at_least(asked) {
            Err(VaultError::AboveCeiling { kib, passes, lanes })
        } else {
            Ok(asked)
        }
    }

    /// Memory in KiB.
    #[must_use]
    pub fn kib(self) -> u32 {
        self.kib
    }

    /// Passes over the memory.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    #[must_use]
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    fn at_least(self, other: Self) -> bool {
        self.kib >= other.kib && self.passes >= other.passes && self.lanes >= other.lanes
    }

    /// Stretches `passphrase` into the key that the vault key is wrapped with; the working memory is wiped.
    pub(crate) fn stretch(
        self,
        passphrase: &Passphrase,
        salt: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let mut key = Zeroizing::new([0; 32]);
        let params =
            Params::new(self.kib, self.passes, self.lanes, Some(32)).map_err(|_| VaultError::Stretch)?;
        let mut memory = Vec::new();
        memory.try_reserve_exact(params.block_count()).map_err(|_| VaultError::Stretch)?;
        memory.resize(params.block_count(), Block::default());
        let stretched = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase.bytes(), salt, key.as_mut_slice(), &mut memory);
        memory.zeroize();
        claviger_os::scrub_stack();
        stretched.map_err(|_| VaultError::Stretch)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_below_the_floor_or_above_the_ceiling() {
        let (floor, ceiling) = (Strength::FLOOR, Strength::CEILING);
        let below =
            [(floor.kib - 1, 3, 1), (floor.kib, 2, 1), (floor.kib, 3, 0), (0, 0, 0), (u32::MAX, 2, 1)];
        for (kib, passes, lanes) in below {
            assert!(matches!(Strength::new(kib, passes, lanes), Err(VaultError::BelowFloor { .. })));
        }
        for (kib, passes, lanes) in [(ceiling.kib + 1, 3, 1), (floor.kib, 65, 1), (floor.kib, 3, u32::MAX)] {
            assert!(matches!(Strength::new(kib, passes, lanes), Err(VaultError::AboveCeiling { .. })));
        }
        for fine in [floor, Strength::DEFAULT, ceiling] {
            assert_eq!(Strength::new(fine.kib, fine.passes, fine.lanes).unwrap(), fine);
        }
    }
}
