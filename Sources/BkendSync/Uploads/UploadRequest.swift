/// What an upload asks next.
package enum UploadRequest: Hashable, Sendable {
    /// A key, and an address for the bytes.
    case presign
    /// The bytes to their address.
    case put(UploadKey)
    /// The record of the file whose bytes are there.
    case register(UploadKey)
    /// The record by the id that the server said it would have.
    case read(fileID: String, UploadKey)
    /// A page of this user's files, newest first, to find the one that has the key.
    case search(page: Int, UploadKey)
    /// The deletion of a record whose bytes aren't those that were sent.
    case delete(fileID: String)
}
