import BkendAccounts
import BkendWire
import Crypto
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Resizes pictures by a program of its own, one process for each, and keeps what comes of it in a folder within a bound.
///
/// A picture that can't be resized is remembered too, as an empty file: whoever asks for it again and again costs one look.
final class ImageTransformer: Sendable {
    private let settings: ImageSettings
    private let logger: Logger
    private let cache: ImageCache
    private let line: FairLine
    private let threads: NIOThreadPool

    /// How many pictures are made at once.
    private static let places = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    /// Threads of their own: each picture keeps one waiting for its program, and files are read and written by others.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 2 * places + 2)
        threads.start()
        return threads
    }()
    /// How long one picture may take.
    static let time = Duration.seconds(15)
    /// The most bytes of an original.
    static let mostBytes = 64 << 20

    /// - Parameter folder: the data folder; the cache is made in it.
    init(_ settings: ImageSettings, in folder: String, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        threads = Self.threads
        cache = try ImageCache("\(folder)/cache", most: settings.cacheBytes)
        line = FairLine(
            QueueLimits(
                places: Self.places, waiting: 64, waitingPerClient: 16),
            waitingFor: "pictures")
    }

    /// A file as a picture of another size or format; nil where the original is to be served: it is no picture that can be
    /// read, or too large.
    ///
    /// - Parameter accept: the request's header field Accept, which may allow WebP.
    /// - Throws: `QueueRefused`, `ClientGone` while it waits.
    func picture(
        of file: ServedFile, as options: ImageAddress.Options, accept: String?, from objects: any ObjectStorage
    ) async throws -> (file: ServedFile, reader: FolderReader)? {
        let takesWebP = accept?.contains("image/webp") ?? false
        guard file.content.bytes <= Self.mostBytes,
            let format = options.format ?? Self.format(of: file.type, takesWebP: takesWebP),
            // What is asked for is what is there.
            !options.isOriginal || takesWebP && file.type != "image/webp"
        else { return nil }
        let name = Self.name(file.content, options, format)
        if let found = try await threads.runIfActive({ self.cache.open(name) }) {
            return Self.served(file, found, name, format)
        }
        let requester = Requester.current
        try await line.pass(requester.share, departure: requester.departure()) {
            // Somebody else may have made it meanwhile.
            guard try await threads.runIfActive({ self.cache.open(name) }) == nil else { return }
            try await make(name, of: file, options, format, from: objects)
        }
        let made = try await threads.runIfActive { self.cache.open(name) }
        return made.flatMap { Self.served(file, $0, name, format) }
    }

    private static func served(
        _ file: ServedFile, _ found: FolderReader, _ name: String, _ format: ImageAddress.Options.Format
    ) -> (file: ServedFile, reader: FolderReader)? {
        guard found.size > 0 else { return nil }
        let content = FileContent(name: name, bytes: found.size, sha256: nil, storedAt: file.content.storedAt)
        let served = ServedFile(
            content: content, objects: [], name: file.name, type: "image/\(format.rawValue)", isPublic: file.isPublic)
        return (served, found)
    }

    /// The name of a picture in the cache: other bytes and other options make another.
    private static func name(
        _ content: FileContent, _ options: ImageAddress.Options, _ format: ImageAddress.Options.Format
    ) -> String {
        let text = "\(content.name) \(arguments(options, format).joined(separator: " "))"
        return Data(SHA256.hash(data: Array(text.utf8))).hexDigits
    }

    private static func arguments(
        _ options: ImageAddress.Options, _ format: ImageAddress.Options.Format
    ) -> [String] {
        [
            "\(options.width)", "\(options.height)", options.isCut ? "cut" : "fit", format.rawValue,
            "\(options.quality ?? 80)", "\(options.blur)",
        ]
    }

    /// The format that a picture gets when none was asked for; nil for what isn't resized.
    private static func format(of type: String, takesWebP: Bool) -> ImageAddress.Options.Format? {
        switch type.prefix(while: { $0 != ";" }) {
        case "image/jpeg": takesWebP ? .webp : .jpeg
        case "image/png", "image/gif": takesWebP ? .webp : .png
        case "image/webp": .webp
        case "image/tiff", "image/avif", "image/heic", "image/heif": takesWebP ? .webp : .jpeg
        default: nil
        }
    }

    // MARK: Making

    private func make(
        _ name: String, of file: ServedFile, _ options: ImageAddress.Options, _ format: ImageAddress.Options.Format,
        from objects: any ObjectStorage
    ) async throws {
        let (settings, cache) = (settings, cache)
        let (output, process) = try await threads.runIfActive { () -> (ImageCache.Draft, ImageProcess) in
            let output = try cache.draft(name)
            return (
                output,
                try ImageProcess(
                    settings.program, Self.arguments(options, format), output: output.descriptor, time: Self.time)
            )
        }
        let failure = try await process.run(on: threads, length: file.content.bytes) {
            [
                reader = ContentReader(
                    file.objects, 0..<file.content.bytes, in: objects)
            ] offset, count in
            try await reader.read(at: offset, count: count)
        }
        if let failure {
            logger.info("a picture was not resized", metadata: ["file": "\(file.name)", "error": "\(failure)"])
        }
        try await threads.runIfActive { try output.finish(isEmpty: failure != nil) }
    }
}
