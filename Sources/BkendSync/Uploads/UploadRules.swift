import BkendWire

/// The rules of an upload that keep it from becoming two files. A test replaces one and sees what goes wrong.
package struct UploadRules: Sendable {
    /// Whether a key may be given up after a refusal of its registration, said at a time of the server's.
    ///
    /// An earlier PUT may still be on its way, and so may a copy of an earlier registration. Once the address has ended
    /// no PUT begins any more, and bkend-server closes the key with the refusal. Before that, the two could make a file of
    /// the key after another key was asked for.
    package var mayGiveUp: @Sendable (UploadKey, _ date: Timestamp?) -> Bool = { $0.hasExpired(at: $1) }
    /// Whether a registered key's file that nobody finds is one that was deleted, after so many looks.
    package var isDeleted: @Sendable (_ looks: Int) -> Bool = { $0 >= 2 }

    /// The shipped rules.
    package init() {}
}
