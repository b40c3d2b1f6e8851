import Foundation
import Testing

/// The disk that power cuts are tried on: it keeps what POSIX promises, and loses the rest.
@Suite struct RecordedDiskTests {
    /// A disk with the empty folder `a`, number 1, and the files `a/old` (2, "old") and `b` (3, empty).
    private func withDisk(_ body: (RecordedDisk) throws -> Void) async throws {
        try await withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let disk = try RecordedDisk(of: path)
            let calls: [RecordedCall] = [
                .folder(1, path: "a"), .make(2, path: "a/old"), .write(2, offset: 0, Data("old".utf8)), .sync(2),
                .make(3, path: "b"), .sync(1),
            ]
            for call in calls { try disk.apply(call) }
            let number = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber
            try disk.apply(.sync(number?.uint64Value ?? 0))
            try body(disk)
        }
    }

    private func text(_ image: DiskImage) -> [String] {
        image.files.map { "\($0.path)=\(String(decoding: $0.content, as: UTF8.self))" }
    }

    /// All that may be left, as far as seeds show it.
    private func shredded(_ disk: RecordedDisk) -> Set<[String]> {
        Set((0..<400).map { text(disk.image(.shredded, seed: $0)) })
    }

    @Test("Bytes are there for certain once their file was synced")
    func bytes() async throws {
        try await withDisk { disk in
            try disk.apply(.write(2, offset: 3, Data("er".utf8)))
            try disk.apply(.write(2, offset: 6, Data("s".utf8)))
            #expect(text(disk.image(.lost)) == ["a/old=old", "b="])
            #expect(text(disk.image(.kept)) == ["a/old=older\0s", "b="])
            let lengthened = ["old\0\0", "older\0\0", "old\0\0\0s", "old\0\0\0\0"]
            let all = ["old", "older", "older\0s"] + lengthened
            #expect(shredded(disk) == Set(all.map { ["a/old=\($0)", "b="] }))
            try disk.apply(.sync(2))
            #expect(shredded(disk) == [["a/old=older\0s", "b="]])
        }
    }

    @Test("A file that is cut is long or short until it was synced")
    func cutting() async throws {
        try await withDisk { disk in
            try disk.apply(.size(2, 1))
            #expect(shredded(disk) == [["a/old=old", "b="], ["a/old=o", "b="]])
            try disk.apply(.sync(2))
            #expect(shredded(disk) == [["a/old=o", "b="]])
        }
    }

    @Test("A name is there for certain once its folder was synced, and not by the sync of its file")
    func names() async throws {
        try await withDisk { disk in
            try disk.apply(.make(4, path: "a/new"))
            try disk.apply(.write(4, offset: 0, Data("new".utf8)))
            try disk.apply(.sync(4))
            #expect(shredded(disk) == [["a/new=new", "a/old=old", "b="], ["a/old=old", "b="]])
            try disk.apply(.rename("a/new", to: "a/old"))
            #expect(
                shredded(disk) == [["a/new=new", "a/old=old", "b="], ["a/old=old", "b="], ["a/old=new", "b="]])
            try disk.apply(.remove("a/old"))
            try disk.apply(.sync(1))
            #expect(shredded(disk) == [["b="]])
        }
    }

    @Test("What was synced in a folder without a durable name can't be found")
    func folders() async throws {
        try await withDisk { disk in
            try disk.apply(.folder(5, path: "a/c"))
            try disk.apply(.make(6, path: "a/c/d"))
            try disk.apply(.sync(6))
            try disk.apply(.sync(5))
            #expect(shredded(disk) == [["a/c/d=", "a/old=old", "b="], ["a/old=old", "b="]])
            try disk.apply(.sync(1))
            #expect(shredded(disk) == [["a/c/d=", "a/old=old", "b="]])
        }
    }

    @Test("Two names of a file show the same bytes; a move to another folder can lose it, or leave it twice")
    func links() async throws {
        try await withDisk { disk in
            try disk.apply(.link("a/old", to: "a/same"))
            try disk.apply(.sync(1))
            try disk.apply(.write(2, offset: 0, Data("O".utf8)))
            #expect(shredded(disk) == [["a/old=old", "a/same=old", "b="], ["a/old=Old", "a/same=Old", "b="]])
            try disk.apply(.sync(2))
            try disk.apply(.remove("a/same"))
            try disk.apply(.sync(1))
            try disk.apply(.rename("a/old", to: "c"))
            #expect(
                shredded(disk) == [["b=", "c=Old"], ["a/old=Old", "b="], ["a/old=Old", "b=", "c=Old"], ["b="]])
        }
    }

    @Test("A log with a gap is noticed")
    func gaps() async throws {
        try await withDisk { disk in
            let calls: [RecordedCall] = [
                .write(9, offset: 0, Data()), .sync(9), .remove("c"), .rename("c", to: "d"), .make(9, path: "b"),
                .make(9, path: "c/d"), .escape("symlink", path: "c"),
            ]
            for call in calls { #expect(throws: RecordedDisk.Misfit.self) { try disk.apply(call) } }
        }
    }
}
