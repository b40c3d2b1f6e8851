/// What an upload asks next.
package enum UploadRequest: Hashable, Sendable {
    /// A key, and an address for the bytes.
    case presign
    /// The bytes to their address.
    case put(UploadKey)
    /// A key for bytes that come in parts.
    case begin
    /// An address for the next part.
    case address(UploadKey)
    /// The next part to its address.
    case putPart(UploadKey)
    /// That the parts are all.
    case complete(UploadKey)
    /// The record of the file whose bytes are there.
    case register(UploadKey)
    /// The record by the id that the server said it would have.
    case read(fileID: String, UploadKey)
    /// A page of this user's files, newest first, to find the one that has the key.
    case search(page: Int, UploadKey)
    /// The deletion of a record whose bytes aren't those that were sent.
    case delete(fileID: String)
}

extension UploadRequest {
    /// Whether it only asks where bytes may go.
    var isForAddress: Bool {
        switch self {
        case .presign, .begin, .address: true
        case .put, .putPart, .complete, .register, .read, .search, .delete: false
        }
    }
}
