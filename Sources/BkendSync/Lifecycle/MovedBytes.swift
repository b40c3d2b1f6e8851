import Foundation

/// The bytes of a guest's files, under names in a user's store: second names of the same bytes, where the disk can do
/// that. They are kept from every sweep until rows name them. What a move that was cut short leaves, the next one finds, or
/// a sweep takes away.
final class MovedBytes {
    /// The names in the user's store, by those in the guest's.
    private(set) var names: [String: String] = [:]
    /// One lock for all: a descriptor for each would be more than a process may have.
    private var hold: SweepHold?

    init(from guest: StoreDatabase, to target: StoreDatabase) throws {
        let files = try GuestOutbox(store: guest).files()
        guard !files.isEmpty, let source = guest.files, let folder = target.files else { return }
        try StoreFolder.make(folder.path)
        hold = try SweepHold(folder)
        for file in files {
            if link(source.file(file.bytes), folder.file(file.bytes)) == 0 || errno == EEXIST {
                names[file.bytes] = file.bytes
            } else if access(source.file(file.bytes), F_OK) == 0 {
                let draft = try folder.draft()
                try AttachedSource.file(URL(filePath: source.file(file.bytes))).copy(to: draft, limit: .max)
                names[file.bytes] = try draft.finish().name
                draft.release()
            }
        }
        try StoreFolder.sync(of: folder.file("."))
    }

    /// Rows name the bytes.
    func release() { hold = nil }
}
