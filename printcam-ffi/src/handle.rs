//! Handles: numbers that stand for what the library holds, and that cannot be mistaken for one another.
//!
//! ```text
//! bit 63   62 ... 32     31 ... 0
//!   0    | generation |    slot
//! ```
//!
//! One table for all kinds, so that a manager's number is never a stream's. A slot's generation grows each time it is
//! emptied, and a slot that has used them all up is left empty. The sign bit stays 0: Dart's integers have one.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::boundary::{Checked, PrintcamStatus};
use crate::lock;

/// What handles stand for.
pub(crate) static TABLE: Table = Table::new();

/// Slots with what they hold.
pub(crate) struct Table {
    slots: Mutex<Slots>,
}

struct Slots {
    slots: Vec<Slot>,
    /// Those that can be filled.
    free: Vec<u32>,
}

struct Slot {
    generation: u32,
    content: Option<Arc<dyn Any + Send + Sync>>,
}

/// No program has more at a time; one that does forgets to stop what has failed.
const MAX_HANDLES: usize = 1 << 16;

/// 31 bits.
const MAX_GENERATION: u32 = i32::MAX as u32;

impl Table {
    const fn new() -> Self {
        Self { slots: Mutex::new(Slots { slots: Vec::new(), free: Vec::new() }) }
    }

    /// Takes up what `make` makes for its handle. The table is locked meanwhile: `make` only puts together.
    ///
    /// # Errors
    /// `TooMany`.
    pub(crate) fn insert_with<T: Any + Send + Sync>(&self, make: impl FnOnce(u64) -> Arc<T>) -> Checked<Arc<T>> {
        let mut guard = lock(&self.slots);
        let Slots { slots, free } = &mut *guard;
        let index = match free.pop() {
            Some(index) => index,
            None if slots.len() < MAX_HANDLES => {
                // From 1: no handle is 0.
                slots.push(Slot { generation: 1, content: None });
                slots.len() as u32 - 1
            }
            None => return Err(PrintcamStatus::TooMany),
        };
        let slot = &mut slots[index as usize];
        let content = make(u64::from(slot.generation) << 32 | u64::from(index));
        slot.content = Some(Arc::clone(&content) as _);
        Ok(content)
    }

    /// What a handle stands for.
    ///
    /// # Errors
    /// `StaleHandle` if that is nothing, or nothing of this kind.
    pub(crate) fn find<T: Any + Send + Sync>(&self, handle: u64) -> Checked<Arc<T>> {
        lock(&self.slots).slot(handle).and_then(|slot| slot.content()).ok_or(PrintcamStatus::StaleHandle)
    }

    /// Takes out what a handle stands for. From then on it stands for nothing.
    ///
    /// # Errors
    /// As [`find`](Self::find): of several who try, one succeeds.
    pub(crate) fn remove<T: Any + Send + Sync>(&self, handle: u64) -> Checked<Arc<T>> {
        let mut slots = lock(&self.slots);
        let slot = slots.slot(handle).ok_or(PrintcamStatus::StaleHandle)?;
        let content = slot.content().ok_or(PrintcamStatus::StaleHandle)?;
        slot.content = None;
        if slot.generation < MAX_GENERATION {
            slot.generation += 1;
            slots.free.push(handle as u32);
        }
        Ok(content)
    }

    /// Everything of one kind.
    pub(crate) fn all<T: Any + Send + Sync>(&self) -> Vec<Arc<T>> {
        lock(&self.slots).slots.iter().filter_map(Slot::content).collect()
    }
}

impl Slots {
    fn slot(&mut self, handle: u64) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(handle as u32 as usize)?;
        (u64::from(slot.generation) == handle >> 32).then_some(slot)
    }
}

impl Slot {
    fn content<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(self.content.as_ref()?).downcast().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert<T: Any + Send + Sync>(table: &Table, content: T) -> u64 {
        let mut handle = 0;
        table
            .insert_with(|given| {
                handle = given;
                Arc::new(content)
            })
            .unwrap();
        handle
    }

    #[test]
    fn a_handle_that_is_over_is_refused_for_ever() {
        let table = Table::new();
        let mut over = vec![0, 1, u64::MAX, 1 << 63];
        for round in 0..1000_u32 {
            let handle = insert(&table, round);
            assert!(handle as i64 > 0 && !over.contains(&handle), "{handle:#x} again");
            assert_eq!(*table.find::<u32>(handle).unwrap(), round);
            assert!(over.iter().all(|over| table.find::<u32>(*over).is_err()), "round {round}");
            assert!(table.remove::<u32>(handle).is_ok());
            assert_eq!(table.remove::<u32>(handle).unwrap_err(), PrintcamStatus::StaleHandle);
            over.push(handle);
        }
        assert_eq!(lock(&table.slots).slots.len(), 1, "one slot does for all of them");
    }

    #[test]
    fn a_handle_of_another_kind_is_refused() {
        let table = Table::new();
        let (number, text) = (insert(&table, 1_u32), insert(&table, "one"));
        assert_ne!(number, text);
        assert_eq!(table.find::<&str>(number).unwrap_err(), PrintcamStatus::StaleHandle);
        assert_eq!(table.remove::<u32>(text).unwrap_err(), PrintcamStatus::StaleHandle);
        assert!(table.find::<&str>(text).is_ok(), "and stays as it is");
        assert_eq!(table.all::<u32>().len(), 1);
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_left_alone() {
        let table = Table::new();
        let first = insert(&table, ());
        table.remove::<()>(first).unwrap();
        lock(&table.slots).slots[0].generation = MAX_GENERATION;
        let last = insert(&table, ());
        assert_eq!(last, u64::from(MAX_GENERATION) << 32);
        assert!(last as i64 > 0);
        table.remove::<()>(last).unwrap();
        assert_eq!(insert(&table, ()) as u32, 1, "another slot");
        assert!(table.find::<()>(last).is_err());
    }

    #[test]
    fn there_are_only_so_many() {
        let table = Table::new();
        for _ in 0..MAX_HANDLES {
            insert(&table, ());
        }
        assert_eq!(table.insert_with(|_| Arc::new(())).unwrap_err(), PrintcamStatus::TooMany);
    }
}
