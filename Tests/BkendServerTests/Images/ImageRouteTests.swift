import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Pictures by their addresses (rest-api.md §13).
@Suite struct ImageRouteTests {
    /// The program that `make images` builds.
    static let program: String? = {
        let path =
            ProcessInfo.processInfo.environment["BKEND_IMAGES"]
            ?? URL(filePath: #filePath).resolvingSymlinksInPath()
            .appending(path: "../../../../Images/.build/release/bkend-images").standardized.path
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// A PNG of 40 × 20 points in one colour.
    private static let png = [UInt8](
        Data(
            base64Encoded: """
                iVBORw0KGgoAAAANSUhEUgAAACgAAAAUCAIAAABwJOjsAAAAJElEQVR42mM4YSM3IIhh1OJRi0ctHrV41OJRi0ctHrV45FgMAIpW\
                im5A071sAAAAAElFTkSuQmCC
                """)!)  // a constant that is valid

    /// Width and height of a PNG.
    private static func size(_ png: [UInt8]) -> [Int] {
        guard png.count > 24, png[1..<4].elementsEqual("PNG".utf8) else { return [] }
        func number(_ start: Int) -> Int { png[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        return [number(16), number(20)]
    }

    @Test("Without the program the original is served, to whoever may see it, and nothing that could run")
    func original() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let shown = try await ada.upload("cat.png", Self.png, ["visibility": "public"])
            let hidden = try await ada.upload("cat.png", Self.png)
            let page = try await ada.upload(
                "a.svg", Array("<svg/>".utf8), type: "image/svg+xml", ["visibility": "public"])
            func path(_ options: String, _ file: Answer) -> String {
                "/img/\(options)\(file.json["key"]?.stringValue ?? "")"
            }
            for options in ["", "fit-in/10x10/", "10x10/smart/filters:quality(80):format(webp)/"] {
                let answer = try await ada.fetch(path(options, shown))
                #expect(answer.status == 200 && answer.body == Self.png, "\(options)")
                #expect(answer.headers["content-type"] == "image/png" && answer.headers["vary"] == "Accept")
                #expect(try await ada.fetch(path(options, hidden)).status == 404)
                let svg = try await ada.fetch(path(options, page))
                #expect(svg.headers["content-disposition"]?.hasPrefix("attachment") == true)
            }
            #expect(try await ada.fetch(path("10000x10/", shown)).status == 400)
            #expect(try await ada.fetch("/img/10x10/").status == 404)
            let worker = try await ada.fetch(path("", shown), ["Service-Worker": "script"])
            #expect(worker.status == 403)
            let head = try await ada.fetch(path("", shown), method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("Pictures are resized once, cached, and gone when the file is no longer public", .enabled(if: program != nil))
    func resized() async throws {
        let program = try #require(Self.program)
        try await withAccounts(configure: { $0.images = ImageSettings(program: program) }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let file = try await ada.upload("cat.png", Self.png, ["visibility": "public"])
            let key = file.json["key"]?.stringValue ?? ""
            func cached() -> [String] {
                (try? FileManager.default.contentsOfDirectory(atPath: server.folder + "/cache")) ?? []
            }
            let fitted = try await ada.fetch("/img/fit-in/20x20/\(key)")
            #expect(Self.size(fitted.body) == [20, 10] && fitted.headers["content-type"] == "image/png")
            #expect(Self.size(try await ada.fetch("/img/10x10/smart/\(key)").body) == [10, 10])
            #expect(Self.size(try await ada.fetch("/img/fit-in/400x0/\(key)").body) == [40, 20])
            #expect(cached().count == 3)
            let again = try await ada.fetch("/img/fit-in/20x20/\(key)")
            #expect(again.body == fitted.body && cached().count == 3)
            let tag = fitted.headers["etag"] ?? ""
            #expect(tag != file.headers["etag"])
            #expect(try await ada.fetch("/img/fit-in/20x20/\(key)", ["If-None-Match": tag]).status == 304)
            let webp = try await ada.fetch("/img/fit-in/20x20/\(key)", ["Accept": "image/avif,image/webp,*/*"])
            #expect(webp.headers["content-type"] == "image/webp" && webp.body.prefix(4).elementsEqual("RIFF".utf8))
            let jpeg = try await ada.fetch("/img/filters:format(jpeg):quality(30):blur(2)/\(key)")
            #expect(jpeg.headers["content-type"] == "image/jpeg" && jpeg.body.prefix(2) == [0xFF, 0xD8])
            // The address alone is the original.
            #expect(try await ada.fetch("/img/\(key)").body == Self.png)

            let change: JSON = ["visibility": "private"]
            #expect(try await ada.patch("/v1/files/\(file.id)/visibility", change).status == 200)
            #expect(try await ada.fetch("/img/fit-in/20x20/\(key)").status == 404)
        }
    }

    @Test("What is no picture is served as it is, and isn't tried again", .enabled(if: program != nil))
    func broken() async throws {
        let program = try #require(Self.program)
        try await withAccounts(configure: { $0.images = ImageSettings(program: program) }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let bytes = Array("no picture".utf8)
            let torn = Self.png.prefix(30) + [UInt8](repeating: 1, count: 60)
            let files = [
                try await ada.upload("a.png", bytes, ["visibility": "public"]),
                try await ada.upload(
                    "a.png", Array(torn), ["visibility": "public"]),
            ]
            for file in files {
                let key = file.json["key"]?.stringValue ?? ""
                for _ in 0..<2 {
                    let answer = try await ada.fetch("/img/fit-in/20x20/\(key)")
                    #expect(answer.status == 200 && answer.body.count == file.json["size"]?.intValue.map(Int.init))
                }
            }
            let cached = try FileManager.default.contentsOfDirectory(atPath: server.folder + "/cache")
            #expect(cached.count == 2)
            let svg = try await ada.upload(
                "a.svg", Array("<svg/>".utf8), type: "image/svg+xml", ["visibility": "public"])
            let answer = try await ada.fetch("/img/10x10/\(svg.json["key"]?.stringValue ?? "")")
            #expect(answer.text == "<svg/>" && answer.headers["content-disposition"]?.hasPrefix("attachment") == true)
        }
    }

    @Test("The cache keeps to its bound: what was looked at longest ago goes")
    func bound() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let cache = try ImageCache(folder + "/cache", most: 100_000)
            func add(_ name: String) throws {
                let draft = try cache.draft(name)
                let bytes = [UInt8](repeating: 1, count: 30_000)
                #expect(bytes.withUnsafeBytes { write(draft.descriptor, $0.baseAddress, $0.count) } == bytes.count)
                try draft.finish(isEmpty: false)
            }
            func age(_ name: String, _ seconds: Int) {
                var times = [timeval(), timeval()]
                times[0].tv_sec = time(nil) - seconds
                times[1].tv_sec = times[0].tv_sec
                utimes("\(folder)/cache/\(name)", &times)
            }
            for (name, seconds) in [("a", 90_000), ("b", 80_000), ("c", 70_000)] {
                try add(name)
                age(name, seconds)
            }
            // Looked at again: no longer the oldest.
            #expect(cache.open("a")?.size == 30_000)
            try add("d")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/cache").sorted()
            #expect(left == ["a", "d"])
            // What a killed server left unfinished goes at the next start, and the sum is known again.
            try Data(count: 10).write(to: URL(fileURLWithPath: folder + "/cache/x.part"))
            let later = try ImageCache(folder + "/cache", most: 100_000)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/cache").sorted() == ["a", "d"])
            _ = later
        }
    }
}
