import Foundation

/// A folder on a disk that keeps POSIX's promises and no others, while recorded calls change it: a file's bytes are durable
/// after its sync, and a name after the sync of the folder that it is in.
final class RecordedDisk {
    /// What becomes of what isn't durable when the power goes.
    enum PowerCut: CaseIterable, Sendable {
        /// All of it is lost.
        case lost
        /// All of it is there.
        case kept
        /// By chance: each change of a file is there or not, or a part of it, or only the length that it gave the file; of
        /// each folder's names the changes up to some moment are there.
        case shredded
    }

    /// A call that doesn't fit what the disk holds: the log has a gap.
    struct Misfit: Error {
        var call: RecordedCall
    }

    private enum Change {
        case bytes(Data, at: Int)
        case size(Int)
    }

    private enum Fate: Equatable {
        case lost, kept, grown
        /// The bytes before a place in the file.
        case torn(Int)
    }

    private final class Node {
        let isFolder: Bool
        /// A file's bytes as they are durable, how many changes they had, and those that came since.
        var bytes = Data()
        var settled = 0
        var changes: [Change] = []
        /// A folder's names as they are durable, those that are seen, and what led from the ones to the others: with each
        /// name the node that it has then.
        var durable: [String: Int] = [:]
        var names: [String: Int] = [:]
        var moves: [[(name: String, node: Int?)]] = []

        init(isFolder: Bool) { self.isFolder = isFolder }
    }

    private var nodes: [Node] = [Node(isFolder: true)]
    private var numbers: [UInt64: Int] = [:]

    /// A disk that holds what a folder does, all of it durable.
    init(of folder: String) throws {
        func number(_ path: String) throws -> UInt64 {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        }
        numbers[try number(folder)] = 0
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
            let full = "\(folder)/\(path)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
            try apply(
                isFolder.boolValue ? .folder(try number(full), path: path) : .make(try number(full), path: path))
            if !isFolder.boolValue { nodes[nodes.count - 1].bytes = try Data(contentsOf: URL(filePath: full)) }
        }
        for node in nodes { settle(node) }
    }

    // MARK: Calls

    /// The next call of the log.
    ///
    /// - Throws: `Misfit`.
    func apply(_ call: RecordedCall) throws {
        switch call {
        case .make(let number, let path), .folder(let number, let path):
            guard let place = place(path), place.folder.names[place.name] == nil else { throw Misfit(call: call) }
            if case .make = call { nodes.append(Node(isFolder: false)) } else { nodes.append(Node(isFolder: true)) }
            // The number may have been another one's, which is gone.
            numbers[number] = nodes.count - 1
            move(place.folder, [(place.name, nodes.count - 1)])
        case .write(let number, let offset, let bytes):
            try file(number, call).changes.append(.bytes(bytes, at: offset))
        case .size(let number, let size):
            try file(number, call).changes.append(.size(size))
        case .sync(let number):
            guard let node = numbers[number] else { throw Misfit(call: call) }
            settle(nodes[node])
        case .rename(let from, let to):
            guard let source = place(from), let target = place(to), let node = source.folder.names[source.name] else {
                throw Misfit(call: call)
            }
            if target.folder.names[target.name] == node { return }
            if source.folder === target.folder {
                move(source.folder, [(source.name, nil), (target.name, node)])
            } else {
                move(target.folder, [(target.name, node)])
                move(source.folder, [(source.name, nil)])
            }
        case .link(let from, let to):
            guard let source = place(from), let target = place(to), let node = source.folder.names[source.name],
                target.folder.names[target.name] == nil
            else { throw Misfit(call: call) }
            move(target.folder, [(target.name, node)])
        case .remove(let path):
            guard let place = place(path), place.folder.names[place.name] != nil else { throw Misfit(call: call) }
            move(place.folder, [(place.name, nil)])
        case .escape: throw Misfit(call: call)
        }
    }

    private func place(_ path: String) -> (folder: Node, name: String)? {
        var folder = nodes[0]
        var parts = path.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { return nil }
        for part in parts {
            guard let next = folder.names[part], nodes[next].isFolder else { return nil }
            folder = nodes[next]
        }
        return (folder, name)
    }

    private func file(_ number: UInt64, _ call: RecordedCall) throws -> Node {
        guard let node = numbers[number], !nodes[node].isFolder else { throw Misfit(call: call) }
        return nodes[node]
    }

    private func move(_ folder: Node, _ steps: [(name: String, node: Int?)]) {
        for step in steps { folder.names[step.name] = step.node }
        folder.moves.append(steps)
    }

    private func settle(_ node: Node) {
        node.bytes = Self.bytes(of: node, [Fate](repeating: .kept, count: node.changes.count))
        node.settled += node.changes.count
        node.changes = []
        node.durable = node.names
        node.moves = []
    }

    private static func bytes(of node: Node, _ fates: [Fate]) -> Data {
        var data = node.bytes
        func reach(_ end: Int) { if data.count < end { data.append(Data(count: end - data.count)) } }
        for (change, fate) in zip(node.changes, fates) {
            switch (change, fate) {
            case (_, .lost): break
            case (.bytes(let bytes, let offset), .kept):
                reach(offset + bytes.count)
                data.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
            case (.bytes(let bytes, let offset), .grown): reach(offset + bytes.count)
            case (.bytes(let bytes, let offset), .torn(let end)):
                reach(end)
                data.replaceSubrange(offset..<end, with: bytes.prefix(end - offset))
            case (.size(let size), _):
                reach(size)
                data.removeLast(data.count - size)
            }
        }
        return data
    }

    // MARK: Images

    /// What is on the disk after the power went now; the disk itself goes on.
    func image(_ cut: PowerCut, seed: UInt64 = 0) -> DiskImage {
        var random = SeededNumbers(seed)
        var image = DiskImage()
        var files: [Int: (content: Data, mark: String)] = [:]
        func visit(_ folder: Node, _ path: String) {
            var names = folder.durable
            let moves =
                switch cut {
                case .lost: 0
                case .kept: folder.moves.count
                case .shredded: Int.random(in: 0...folder.moves.count, using: &random)
                }
            for step in folder.moves[..<moves].joined() { names[step.name] = step.node }
            for (name, number) in names.sorted(by: { $0.key < $1.key }) {
                let node = nodes[number]
                if node.isFolder {
                    image.folders.append(path + name)
                    visit(node, path + name + "/")
                } else {
                    let file = files[number] ?? file(number, cut, &random)
                    files[number] = file
                    image.files.append(.init(path: path + name, content: file.content, mark: file.mark))
                }
            }
        }
        visit(nodes[0], "")
        return image
    }

    private func file(_ number: Int, _ cut: PowerCut, _ random: inout SeededNumbers) -> (content: Data, mark: String) {
        let node = nodes[number]
        let fates = node.changes.map { change -> Fate in
            switch cut {
            case .lost: return .lost
            case .kept: return .kept
            case .shredded: break
            }
            guard case .bytes(let bytes, let offset) = change else {
                return Bool.random(using: &random) ? .kept : .lost
            }
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2: return .kept
            case 3...5: return .lost
            case 6: return .grown
            default:
                let end = (offset + Int.random(in: 0..<max(1, bytes.count), using: &random)) / 512 * 512
                return end > offset ? .torn(end) : .grown
            }
        }
        let kept = fates.prefix { $0 == .kept }.count
        let rest = fates[kept...].contains { $0 != .lost } ? "\(fates[kept...])" : ""
        return (Self.bytes(of: node, fates), "\(number).\(node.settled + kept)\(rest)")
    }
}

/// What a disk holds at one moment.
struct DiskImage {
    struct File {
        let path: String
        let content: Data
        /// The same for the same content.
        let mark: String
    }

    var folders: [String] = []
    var files: [File] = []

    /// The same for the same image.
    var mark: String { (folders + files.map { "\($0.path)=\($0.mark)" }).joined(separator: "\n") }

    /// Writes it to a new folder, for its owner alone.
    func write(to path: String) throws {
        let owner: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        for folder in [path] + folders.map({ "\(path)/\($0)" }) {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false, attributes: owner)
        }
        for file in files {
            // Foundation would sync it.
            let descriptor = open("\(path)/\(file.path)", O_WRONLY | O_CREAT | O_EXCL, 0o600)
            defer { close(descriptor) }
            let count = file.content.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count != file.content.count { throw CocoaError(.fileWriteUnknown) }
        }
    }

    /// How a folder differs from it, by paths. The shared memory of databases is left out: it is written without calls.
    func differences(from folder: String) throws -> [String] {
        func counts(_ path: String) -> Bool { !path.hasSuffix("-shm") }
        let there = Set(try FileManager.default.subpathsOfDirectory(atPath: folder).filter(counts))
        let here = Set((folders + files.map(\.path)).filter(counts))
        let changed = files.filter { file in
            counts(file.path) && there.contains(file.path)
                && FileManager.default.contents(atPath: "\(folder)/\(file.path)") != file.content
        }
        return there.symmetricDifference(here).union(changed.map(\.path)).sorted()
    }
}

/// Numbers that a seed decides (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
