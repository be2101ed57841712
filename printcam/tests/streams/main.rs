//! Streams and a simulated camera, in virtual time: who sees what, what happens after which fault, and for how long.

mod gentle;
mod hours;
mod hub;
mod jpeg;
mod live;
mod manager;
mod month;
mod present;
mod recovery;
mod reel;
mod schedules;
mod stage;
