//! The channel between a caller and what it has started: launcher and supervisor tell it what becomes
//! of a job, a packet per event. The program holds no end of it, so that it can say nothing there.
//! Whoever sees the channel close knows that the other side has ended.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, send, sendmsg, socketpair,
};
use serde::{Deserialize, Serialize};

use crate::in_force::InForce;

/// The longest packet, in bytes.
const LONGEST: usize = 64 << 10;

/// An event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// The program has a room of its own, whose folder comes with this packet.
    Room,
    /// The program is about to start in this sandbox.
    InForce(InForce),
    /// The program will not start, since the sandbox would have only these measures.
    NotIsolated(InForce),
    /// The program could not be started.
    NotStarted(String),
    /// The launcher or the supervisor failed.
    Broken(String),
    /// The program ended with this code.
    Exited(i32),
    /// A signal ended the program.
    Killed(i32),
}

/// What arrives on a channel.
#[derive(Debug)]
pub(crate) enum Received {
    /// An event, and the open folder that came with it.
    Event(Event, Option<OwnedFd>),
    /// Nothing now.
    Nothing,
    /// Nothing any more: the other side is gone.
    Closed,
}

/// One end of a channel.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

impl Channel {
    /// The caller's end, and the end that becomes the standard input of the launcher.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let kind = SocketType::SEQPACKET;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
        Ok((Self(ours), theirs))
    }

    /// The end that this process has as its standard input.
    pub(crate) fn of_standard_input() -> Result<Self, String> {
        io::stdin().as_fd().try_clone_to_owned().map(Self).map_err(text)
    }

    /// Tells the other side of an event. The filter of the program, under which the supervisor comes
    /// too, has nothing against this call.
    pub(crate) fn send(&self, event: &Event) -> Result<(), String> {
        let bytes = serde_json::to_vec(event).map_err(text)?;
        send(&self.0, &bytes, SendFlags::NOSIGNAL).map(drop).map_err(text)
    }

    /// Hands an open folder to the other side.
    pub(crate) fn send_room(&self, folder: BorrowedFd<'_>) -> Result<(), String> {
        let bytes = serde_json::to_vec(&Event::Room).map_err(text)?;
        let folders = [folder];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut with = SendAncillaryBuffer::new(&mut space);
        if !with.push(SendAncillaryMessage::ScmRights(&folders)) {
            return Err("there is no room for a folder in a packet".to_owned());
        }
        let packet = [IoSlice::new(&bytes)];
        sendmsg(&self.0, &packet, &mut with, SendFlags::NOSIGNAL).map(drop).map_err(text)
    }

    /// The next event, without waiting for it.
    pub(crate) fn receive(&self) -> io::Result<Received> {
        let mut bytes = vec![0; LONGEST];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut with = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let packet = &mut [IoSliceMut::new(&mut bytes)];
        let length = match recvmsg(&self.0, packet, &mut with, flags) {
            Ok(received) => received.bytes,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                return Ok(Received::Nothing);
            }
            Err(rustix::io::Errno::CONNRESET) => return Ok(Received::Closed),
            Err(error) => return Err(error.into()),
        };
        if length == 0 {
            return Ok(Received::Closed);
        }
        let folder = with.drain().find_map(|with| {
            let RecvAncillaryMessage::ScmRights(mut folders) = with else { return None };
            folders.next()
        });
        Ok(Received::Event(serde_json::from_slice(&bytes[..length])?, folder))
    }

    /// Waits until something arrives, the other side is gone, or `other` can be read; not longer than
    /// `longest`. Returns whether the other side is gone.
    pub(crate) fn wait(
        &self,
        other: Option<BorrowedFd<'_>>,
        longest: Option<Timespec>,
    ) -> io::Result<bool> {
        let mut waited = vec![PollFd::new(&self.0, PollFlags::IN)];
        waited.extend(other.map(|other| PollFd::from_borrowed_fd(other, PollFlags::IN)));
        match poll(&mut waited, longest.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(waited[0].revents().intersects(PollFlags::HUP | PollFlags::ERR))
    }
}

/// An error as its text, for `map_err`.
pub(crate) fn text(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_and_a_folder_arrive_whole_and_then_the_end_does() {
        let (ours, theirs) = Channel::new().unwrap();
        let theirs = Channel(theirs);
        assert!(matches!(ours.receive().unwrap(), Received::Nothing));
        theirs.send(&Event::Exited(3)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("there"), "").unwrap();
        theirs.send_room(std::fs::File::open(folder.path()).unwrap().as_fd()).unwrap();
        assert!(!ours.wait(None, None).unwrap());
        assert!(matches!(ours.receive().unwrap(), Received::Event(Event::Exited(3), None)));
        let Received::Event(Event::Room, Some(room)) = ours.receive().unwrap() else {
            panic!("no room")
        };
        assert!(rustix::fs::statat(&room, "there", rustix::fs::AtFlags::empty()).is_ok());
        drop(theirs);
        assert!(ours.wait(None, None).unwrap());
        assert!(matches!(ours.receive().unwrap(), Received::Closed));
    }
}
