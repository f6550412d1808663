use super::*;
use std::collections::BTreeMap;

/// A disk whose power can go: what was not synced may or may not be there afterwards.
#[derive(Clone, Default)]
struct Model {
    /// Contents by file number: (on the disk for sure, what programs see).
    files: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names as programs see them.
    names: BTreeMap<PathBuf, usize>,
    /// Names on the disk for sure.
    durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names since the last sync of the folder.
    pending: Vec<(PathBuf, Option<usize>)>,
    steps: usize,
    /// The step that fails, and whether the machine dies there, so that nothing is tidied up.
    fails_at: Option<usize>,
    dies: bool,
    dead: bool,
}

impl Model {
    fn with_old(path: &Path, old: &[u8]) -> Self {
        let names = BTreeMap::from([(path.to_owned(), 0)]);
        Self {
            files: vec![(old.to_vec(), old.to_vec())],
            durable_names: names.clone(),
            names,
            ..Self::default()
        }
    }

    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        if self.fails_at == Some(self.steps) {
            self.dead = self.dies;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn set_name(&mut self, path: &Path, file: Option<usize>) {
        match file {
            Some(file) => self.names.insert(path.to_owned(), file),
            None => self.names.remove(path),
        };
        self.pending.push((path.to_owned(), file));
    }

    /// Every state of `path` that a power loss now may leave.
    fn after_power_loss(&self, path: &Path) -> Vec<Option<Vec<u8>>> {
        let mut states = Vec::new();
        for applied in 0..1u32 << self.pending.len() {
            let mut names = self.durable_names.clone();
            for (i, (name, file)) in self.pending.iter().enumerate() {
                if applied & (1 << i) != 0 {
                    match file {
                        Some(file) => names.insert(name.clone(), *file),
                        None => names.remove(name),
                    };
                }
            }
            match names.get(path) {
                None => states.push(None),
                Some(&file) => {
                    let (durable, seen) = &self.files[file];
                    states.push(Some(durable.clone()));
                    states.extend(
                        (0..seen.len()).map(|n| Some(seen[..n].to_vec())).filter(|_| durable != seen),
                    );
                    states.push(Some(seen.clone()));
                }
            }
        }
        states
    }
}

impl Disk for Model {
    type File = usize;

    fn create(&mut self, path: &Path, _mode: u32) -> io::Result<usize> {
        self.step()?;
        assert!(!self.names.contains_key(path));
        self.files.push((Vec::new(), Vec::new()));
        let file = self.files.len() - 1;
        self.set_name(path, Some(file));
        Ok(file)
    }

    fn write(&mut self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        let half = bytes.len() / 2;
        self.files[*file].1.extend_from_slice(&bytes[..half]);
        self.step()?;
        self.files[*file].1.extend_from_slice(&bytes[half..]);
        Ok(())
    }

    fn sync_file(&mut self, file: &mut usize) -> io::Result<()> {
        self.step()?;
        self.files[*file].0 = self.files[*file].1.clone();
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let file = self.names[from];
        // One act for the file system: both names change or neither does. The new name is what matters here.
        self.names.remove(from);
        self.set_name(to, Some(file));
        Ok(())
    }

    fn sync_folder(&mut self, _folder: &Path) -> io::Result<()> {
        self.step()?;
        self.durable_names = self.names.clone();
        self.pending.clear();
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        if !self.dead {
            self.set_name(path, None);
        }
        Ok(())
    }
}

const OLD: &[u8] = b"the old bytes";
const NEW: &[u8] = b"quite new ones";

#[test]
fn power_loss_between_any_two_steps_leaves_old_or_new() {
    let path = Path::new("home/vault");
    let mut untouched = Model::with_old(path, OLD);
    replace_on(&mut untouched, path, NEW, 0o600).unwrap();
    let steps = untouched.steps;
    assert_eq!(steps, 5);
    assert_eq!(untouched.after_power_loss(path), vec![Some(NEW.to_vec()); 2], "durable once it returned");
    for dies in [true, false] {
        for fails_at in 1..=steps {
            let mut disk = Model { fails_at: Some(fails_at), dies, ..Model::with_old(path, OLD) };
            replace_on(&mut disk, path, NEW, 0o600).unwrap_err();
            for state in disk.after_power_loss(path) {
                let state = state.expect("the name never vanishes");
                assert!(state == OLD || state == NEW, "step {fails_at}: {}", String::from_utf8_lossy(&state));
            }
        }
    }
}

#[test]
fn an_error_before_the_rename_leaves_the_old_and_no_leftover() {
    let path = Path::new("home/vault");
    for fails_at in 1..=4 {
        let mut disk = Model { fails_at: Some(fails_at), ..Model::with_old(path, OLD) };
        assert_eq!(replace_on(&mut disk, path, NEW, 0o600).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.names.keys().collect::<Vec<_>>(), [path], "step {fails_at}");
        assert_eq!(disk.files[disk.names[path]].1, OLD);
    }
}

#[test]
fn replaces_with_the_mode_asked_and_leaves_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("vault");
    for bytes in [OLD, NEW, b""] {
        replace(&path, bytes, 0o600).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(home.path().read_dir().unwrap().count(), 1);
    }
}

#[test]
fn a_link_is_replaced_and_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let (path, other) = (home.path().join("vault"), home.path().join("other"));
    create_new(&other, OLD, 0o600).unwrap();
    std::os::unix::fs::symlink(&other, &path).unwrap();
    replace(&path, NEW, 0o600).unwrap();
    assert_eq!(std::fs::read(&other).unwrap(), OLD);
    assert_eq!(std::fs::read(&path).unwrap(), NEW);
}

#[test]
fn new_files_never_take_the_place_of_old_ones() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("vault");
    create_new(&path, OLD, 0o600).unwrap();
    assert_eq!(create_new(&path, NEW, 0o600).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), OLD);
    assert_eq!(home.path().read_dir().unwrap().count(), 1);
}

#[test]
fn leftovers_are_swept_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("vault");
    for name in
        [".vault.12-0.new", ".vault.999-17.new", "vault", "vault.new", ".vault.mine.new", ".vaults.1-1.new"]
    {
        create_new(&home.path().join(name), OLD, 0o600).unwrap();
    }
    remove_leftovers(&path).unwrap();
    let mut left: Vec<_> = home.path().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".vault.mine.new", ".vaults.1-1.new", "vault", "vault.new"]);
}

#[test]
fn writes_where_it_is_told_and_knows_its_length() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("segment");
    assert_eq!(Append::open(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    create_new(&path, b"one\0\0\0\0", 0o600).unwrap();
    let file = Append::open(&path).unwrap();
    file.write(b"two", 3).unwrap();
    file.sync().unwrap();
    assert_eq!(file.length().unwrap(), 7);
    file.write(b"three", 6).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"onetwothree");
    let link = home.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(Append::open(&link).is_err());
}

#[test]
fn a_full_disk_is_told_and_poisons_the_file() {
    let file = Append::open(Path::new("/dev/full")).unwrap();
    assert_eq!(file.write(b"x", 0).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(file.sync().unwrap_err().kind(), io::ErrorKind::Other);
}

#[test]
fn a_private_folder_is_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("home");
    create_private_folder(&path).unwrap();
    crate::check_private(&path).unwrap();
    assert_eq!(create_private_folder(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
}
