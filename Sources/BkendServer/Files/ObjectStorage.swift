import BkendWire
import Foundation
import NIOCore

/// Where the bytes of files are kept: as objects, each written once under a name that is never used again, and never
/// changed. Nothing is shared: the same bytes twice are two objects, so that nobody learns what others store.
///
/// An object is of use once a row names it (`file_objects`), which is written after it. What no row names is swept away.
protocol ObjectStorage: Sendable {
    /// For how many milliseconds bytes stay that nothing needs any more: a database that was copied before may name them.
    var keptMilliseconds: Int64 { get }

    /// Begins a new object.
    ///
    /// - Parameter bytes: how many come; nil where nobody knows, which may take more room or time.
    /// - Throws: `ErrorBody` with 507 when there is no room, `ObjectFailure`.
    func begin(bytes: Int?) async throws -> any ObjectDraft

    /// Opens an object to read a range of it; what is deleted meanwhile can still be read to its end.
    ///
    /// - Throws: `ObjectFailure` when it can't be read or isn't there, `AnsweredFailure`.
    func open(_ name: String, for range: Range<Int>) async throws -> any ObjectReader

    /// Deletes objects that nothing needs any more; one that isn't there is no error. False while the storage is copied:
    /// then none is deleted.
    func delete(_ names: [String]) async throws -> Bool

    /// Removes every object that no row names: deletes what isn't finished, and puts whole objects aside, until they have
    /// been there for a week. A killed server leaves such objects; so does a database that was lost, or restored as it was
    /// before.
    ///
    /// - Parameter unnamed: those of some names that no row holds, as of now. An object whose row is about to be written is
    ///   passed over.
    func sweep(unnamed: @escaping @Sendable ([String]) throws -> [String]) async throws -> SweptObjects
}

extension ObjectStorage {
    var keptMilliseconds: Int64 { FileSettings.kept }

    /// Begins an object of any length.
    func begin() async throws -> any ObjectDraft { try await begin(bytes: nil) }

    /// Opens an object to read it from its start.
    func open(_ name: String) async throws -> any ObjectReader { try await open(name, for: 0..<Int.max) }
}

/// What a sweep did.
struct SweptObjects: Equatable {
    /// Objects that weren't finished, and those that have been aside for a week.
    var deleted = 0
    /// Whole objects that no row names.
    var putAside = 0
}

/// An object that is being written. Let go before `store`, it leaves nothing.
protocol ObjectDraft: AnyObject, Sendable {
    /// The object's name, 32 hex digits.
    var name: String { get }

    /// How many bytes are gathered before they are written, once the first have been.
    var piece: Int { get }

    /// Adds bytes.
    ///
    /// - Throws: `ErrorBody` with 507 when there is no room, `ObjectFailure`.
    func write(_ bytes: ByteBuffer) async throws

    /// Makes the object durable under its name. Until `release` no sweep takes it.
    ///
    /// - Returns: the SHA-256 of its bytes.
    func store() async throws -> Data

    /// A row names the object now.
    func release()

    /// Deletes it again: nothing names it, and nothing will.
    func discard() async
}

extension ObjectDraft {
    var piece: Int { 256 << 10 }
}

/// An object that is open for reading.
protocol ObjectReader: AnyObject, Sendable {
    /// Some of its bytes, no more than `count`; fewer only at its end.
    func read(at offset: Int, count: Int) async throws -> ByteBuffer
}

/// An object storage that failed, for the operator.
struct ObjectFailure: Error, CustomStringConvertible {
    let description: String
    /// Whether what was looked for isn't there.
    var isMissing = false

    /// A failure of a call of the system's, or 507 when it is for want of room.
    static func last(_ what: String, _ path: String) -> any Error {
        let number = errno
        if number == ENOSPC || number == EDQUOT {
            return ErrorBody(.insufficientStorage, "the server's disk is full; nothing was stored")
        }
        return ObjectFailure(
            description: "\(what) \(path): \(String(cString: strerror(number)))", isMissing: number == ENOENT)
    }
}
