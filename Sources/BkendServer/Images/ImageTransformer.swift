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
    /// Which program it is: another one makes other pictures.
    private let programMark: String
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
        var status = stat()
        programMark =
            stat(settings.program, &status) == 0
            ? "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)" : ""
        cache = try ImageCache("\(folder)/cache", most: settings.cacheBytes)
        line = FairLine(
            QueueLimits(
                places: Self.places, waiting: 256, waitingPerClient: 64),
            waitingFor: "pictures")
    }

    /// What a request for a picture is answered with.
    enum Outcome: Sendable {
        case picture(ServedFile, FolderReader)
        /// The original: it is no picture that can be read, or too large, or what was asked for is what is there.
        case original
        /// The original for now: another time there may be a picture.
        case originalForNow
    }

    /// A file as a picture of another size or format.
    ///
    /// - Parameter accept: the request's header field Accept, which may allow WebP.
    /// - Throws: `ClientGone`, `CancellationError` while it waits; what keeps the original from being read.
    func picture(
        of file: ServedFile, as options: ImageAddress.Options, accept: String?, from objects: any ObjectStorage
    ) async throws -> Outcome {
        let takesWebP = accept?.contains("image/webp") ?? false
        guard file.content.bytes <= Self.mostBytes,
            let format = options.format ?? Self.format(of: file.type, takesWebP: takesWebP),
            // What is asked for is what is there.
            !options.isOriginal || takesWebP && file.type != "image/webp"
        else { return .original }
        let name = name(file.content, options, format)
        do {
            if let found = try await threads.runIfActive({ self.cache.open(name) }) {
                return Self.outcome(file, found, name, format)
            }
            let requester = Requester.current
            try await line.pass(requester.share, departure: requester.departure()) {
                // Somebody else may have made it meanwhile.
                guard try await threads.runIfActive({ self.cache.open(name) }) == nil else { return }
                try await make(name, of: file, options, format, from: objects)
            }
            let made = try await threads.runIfActive { self.cache.open(name) }
            return made.map { Self.outcome(file, $0, name, format) } ?? .originalForNow
        } catch is QueueRefused {
            // Half a page of pictures is worse than large ones.
            return .originalForNow
        } catch let failure as ObjectFailure {
            logger.warning("a picture could not be made", metadata: ["error": "\(failure)"])
            return .originalForNow
        } catch let error as ErrorBody where error.code == .insufficientStorage {
            logger.warning("a picture could not be kept", metadata: ["error": "\(error)"])
            return .originalForNow
        }
    }

    private static func outcome(
        _ file: ServedFile, _ found: FolderReader, _ name: String, _ format: ImageAddress.Options.Format
    ) -> Outcome {
        guard found.size > 0 else { return .original }
        let content = FileContent(name: name, bytes: found.size, sha256: nil, storedAt: file.content.storedAt)
        return .picture(
            ServedFile(
                content: content, objects: [], name: file.name, type: "image/\(format.rawValue)",
                isPublic: file.isPublic), found)
    }

    /// The name of a picture in the cache, and its `ETag`: other bytes, other options and another program make another.
    private func name(
        _ content: FileContent, _ options: ImageAddress.Options, _ format: ImageAddress.Options.Format
    ) -> String {
        let words = [content.name, programMark] + Self.arguments(options, format)
        return Data(SHA256.hash(data: Array(words.joined(separator: " ").utf8))).hexDigits
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
        let reader = ContentReader(file.objects, 0..<file.content.bytes, in: objects)
        let ending = try await process.run(on: threads, length: file.content.bytes) { offset, count in
            try await reader.read(at: offset, count: count)
        }
        switch ending {
        case .made: try await threads.runIfActive { try output.finish(isEmpty: false) }
        case .noPicture(let reason):
            logger.info("no picture to be resized", metadata: ["file": "\(file.name)", "reason": "\(reason)"])
            try await threads.runIfActive { try output.finish(isEmpty: true) }
        case .failed(let reason):
            logger.warning("a picture was not resized", metadata: ["file": "\(file.name)", "reason": "\(reason)"])
        }
    }
}
