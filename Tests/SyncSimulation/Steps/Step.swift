/// Something that people, devices or the server do at a moment. What exactly is drawn from its own number when it is
/// carried out, so that a step means the same when others are left out.
package struct Step: Sendable, Hashable, CustomStringConvertible {
    /// What is done.
    package enum Kind: String, CaseIterable, Sendable {
        // The app.
        case create, createNaming, update, updateNaming, delete, batch
        case retry, discard, edit, acknowledge
        case openForm, saveForm, increment
        case subscribe, unsubscribe, pause, resume, syncNow
        // The device.
        case crash, blackout, reachability, signOut, signIn, otherUser, clock, usurp, fillDisk
        // The server.
        case remoteCreate, remoteUpdate, remoteDelete, remoteIncrement, remoteQueued
        case renew
        // Files.
        case attach, attachNaming, nameFile, replaceFile, deleteFile, editFile, replaceBytes, openFile
        case evictFiles, sweepFiles, leaveBytes, loseBytes, uploadNow, takeOver, moveGuest
        case remoteFile, remoteDeleteFile, sweepKeys, strangersKey, filesOff
        case permission, column, rowFilter, backup, restore, skew, table, scope, key, empty, revokeSessions, schema
    }

    /// When, in milliseconds.
    package var at: Int64
    /// What.
    package var kind: Kind
    /// On which device, for what devices do.
    package var device: Int
    /// Decides the rest.
    package var pick: UInt64

    package var description: String { "\(at) \(kind.rawValue) d\(device) \(pick)" }
}
