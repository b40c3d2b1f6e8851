public import BkendSync
public import BkendWire
public import Foundation

extension LocalStore {
    /// The files of this store.
    public var files: LocalFiles { LocalFiles(store: self) }
}

/// A store's files: attached without a network, shown at once, and uploaded by synchronisation.
///
/// ```swift
/// let photo = try await store.files.attach(url, name: "p.jpg", visibility: .public)
/// try await posts.create(Post(title: "Lisbon", content: "![](\(photo.url))"))
/// let local = try await store.files.open(photo.id)
/// ```
///
/// A file has three ids from the start: for its `id`, its `key` and its `url`. Records may hold any of them, as a value or
/// inside a text. Once the file is on the server, records have the server's instead, and a record is sent only after the
/// files that it names. Here the former ids keep working.
public struct LocalFiles: Sendable {
    let store: LocalStore

    /// How much room the files may take. The store remembers what was set last: it holds for all handles of this process
    /// at once, and for other processes when they open the store next. What is past a lower limit goes soon. A closed store
    /// has the default limits, and a store that can't be written remembers those from before.
    public var limits: FileLimits {
        get { (try? store.open.core.database.fileLimits) ?? FileLimits() }
        nonmutating set { try? store.open.core.setFileLimits(newValue) }
    }

    // MARK: Attaching

    /// Attaches a file of this device. It is copied, so the original may change or go afterwards.
    ///
    /// - Parameters:
    ///   - file: the file's URL.
    ///   - name: the name to store it by; its own if nil.
    ///   - visibility: who may read the file on the server; by default its owner.
    ///   - contentType: the media type; by the name if nil.
    ///   - metadata: what to note of the file. It can't name records or files that the server doesn't have yet.
    ///   - width: the width of a picture in pixels.
    ///   - height: the height of a picture in pixels.
    /// - Throws: `StoreError` with the reason `.file`, among others `empty`, `tooLarge`, `sourceChanged` and `noRoom`.
    public func attach(
        _ file: URL, name: String? = nil, visibility: FileVisibility = .private, contentType: String? = nil,
        metadata: JSONObject = [:], width: Int? = nil, height: Int? = nil
    ) async throws(StoreError) -> AttachedFile {
        let fields = try fields(
            name: name ?? file.lastPathComponent, visibility, contentType, metadata, width: width, height: height)
        return try await attach(.file(file), fields)
    }

    /// Attaches bytes in memory; see `attach(_:name:visibility:contentType:metadata:width:height:)` with a URL.
    public func attach(
        _ data: Data, name: String, visibility: FileVisibility = .private, contentType: String? = nil,
        metadata: JSONObject = [:], width: Int? = nil, height: Int? = nil
    ) async throws(StoreError) -> AttachedFile {
        try await attach(
            .data(data), try fields(name: name, visibility, contentType, metadata, width: width, height: height))
    }

    private func attach(_ source: AttachedSource, _ fields: JSONObject) async throws(StoreError) -> AttachedFile {
        try await store.open.besides { database in
            let file = try database.attach(source, fields)
            return try database.read { try AttachedFile(file, in: $0) }
        }
    }

    private func fields(
        name: String, _ visibility: FileVisibility, _ type: String?, _ metadata: JSONObject, width: Int?, height: Int?
    ) throws(StoreError) -> JSONObject {
        if name.isEmpty { throw StoreError(.file(.invalid("its name is empty"))) }
        if name.utf8.count > 255 { throw StoreError(.file(.invalid("its name has more than 255 bytes"))) }
        var fields: JSONObject = [
            FileField.name: .string(name), FileField.type: .string(type ?? ContentType.of(name)),
            FileField.visibility: .string(visibility.rawValue),
        ]
        if !metadata.isEmpty { fields["metadata"] = .object(metadata) }
        fields["width"] = width.map { .int(Int64($0)) }
        fields["height"] = height.map { .int(Int64($0)) }
        return fields
    }

    /// Gives a file that waits other bytes, for example after its own were damaged. Its ids stay. Retry its entry in the
    /// outbox if it is a dead letter.
    ///
    /// - Throws: `StoreError` with the reason `.file`: `beingRegistered` if the bytes may be on the server already,
    ///   `notHere` if the file doesn't wait.
    public func replaceBytes(of id: String, with file: URL) async throws(StoreError) {
        try await store.open.besides { try $0.replaceBytes(of: id, with: .file(file)) }
    }

    /// Gives a file that waits other bytes; see `replaceBytes(of:with:)` with a URL.
    public func replaceBytes(of id: String, with data: Data) async throws(StoreError) {
        try await store.open.besides { try $0.replaceBytes(of: id, with: .data(data)) }
    }

    // MARK: Reading

    /// Opens a file that is on this device, by its id, key or address. The bytes stay at `url` as long as you hold the
    /// result and the file isn't deleted, replaced, discarded or wiped.
    ///
    /// - Throws: `StoreError` with the reason `.file(.notHere)` if the bytes aren't on this device.
    public func open(_ id: String) async throws(StoreError) -> LocalFile {
        try await store.open.besides { database in
            let (file, bytes) = try database.openFile(id)
            return LocalFile(try database.read { try AttachedFile(file, in: $0) }, bytes)
        }
    }

    /// The bytes of a file that is on this device, by its id, key or address.
    ///
    /// - Throws: `StoreError` with the reason `.file(.notHere)` if the bytes aren't on this device.
    public func data(_ id: String) async throws(StoreError) -> Data {
        try await store.open.besides { try $0.openFile(id).bytes.data() }
    }

    /// The file that an id, a key or an address belongs to, or nil if its bytes aren't on this device.
    public func get(_ id: String) async throws(StoreError) -> AttachedFile? {
        try await store.open.read { snapshot in
            try snapshot.files.find(id).flatMap { try AttachedFile(shown: $0, in: snapshot) }
        }
    }

    /// The files whose bytes are on this device, in the order in which they came. Those that are deleted here aren't among
    /// them, also while the server hasn't heard of it.
    public func list() async throws(StoreError) -> [AttachedFile] {
        try await store.open.read { snapshot in
            try snapshot.files.all().compactMap { try AttachedFile(shown: $0, in: snapshot) }
        }
    }

    // MARK: Downloading

    /// Opens a file by its id, key or address: the bytes of this device where they are here, else those of the server, which
    /// stay here until they make room for others (`FileLimits.cached`). Synchronisation needn't run. To have files here
    /// before somebody asks for them, use ``LocalStore/subscribe(to:conflicts:keepingFiles:_:)``.
    ///
    /// ```swift
    /// let picture = try await store.files.download(recipe.cover)
    /// show(picture.url)
    /// ```
    ///
    /// - Throws: `BkendError` if the server can't be asked, or has no such file for this user; `StoreError`, with
    ///   `otherOwner` if the store's user isn't signed in, and with `.file` if there is no room; `CancellationError` if the
    ///   task is cancelled.
    public func download(_ id: String) async throws -> LocalFile {
        do { return try await open(id) } catch let error where error.reason == .file(.notHere) {}
        guard let synchroniser = store.synchroniser else {
            throw StoreError(.session("the store was opened without a client"))
        }
        try await synchroniser.downloadFile(id)
        let file = try await open(id)
        // What is read stays.
        try? await store.open.besides { try $0.evictFiles() }
        return file
    }

    /// How many files the records of a subscription name in the fields that it keeps files of, and how many of them are on
    /// this device.
    ///
    /// ```swift
    /// let (named, here) = try await store.files.progress(of: subscription.id)
    /// ```
    public func progress(
        of subscription: LocalSubscription.ID
    ) async throws(StoreError) -> (named: Int, here: Int) {
        try await store.open.read { try $0.downloads.progress(of: subscription) }
    }

    /// Why the server's file of an id, a key or an address doesn't come, nil if it is here, may still come, or isn't kept.
    public func refusal(of id: String) async throws(StoreError) -> EntryFailure? {
        try await store.open.read { try $0.downloads.refusal(of: id) }
    }

    // MARK: Deleting

    /// Deletes a file that was attached here. If nothing of it can be on the server yet, it goes at once, and writes that
    /// name it become dead letters. Otherwise the deletion is queued, behind all writes that name the file.
    ///
    /// - Throws: `StoreError` with the reason `.file(.notHere)` if the bytes aren't on this device; use
    ///   `client.files.delete(_:)`.
    public func delete(_ id: String) async throws(StoreError) {
        do { try await store.open.write { try $0.attaching.delete(id) } } catch { throw StoreError(error) }
    }
}
