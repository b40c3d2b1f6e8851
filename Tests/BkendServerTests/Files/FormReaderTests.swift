import BkendWire
import HummingbirdCore
import NIOCore
import Testing

@testable import BkendServer

@Suite struct FormReaderTests {
    /// A part as it was read.
    private struct Read: Equatable {
        let part: FormReader.Part
        let text: String

        init(_ name: String, _ text: String, fileName: String? = nil, type: String? = nil) {
            self.init(FormReader.Part(name: name, fileName: fileName, type: type), text)
        }

        init(_ part: FormReader.Part, _ text: String) {
            self.part = part
            self.text = text
        }
    }

    /// Reads a form that comes in pieces of a size.
    private static func read(_ form: String, by size: Int, boundary: String = "xyz") async throws -> [Read] {
        let bytes = Array(form.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map {
            ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)])
        }
        let stream = AsyncStream<ByteBuffer> { stream in
            for piece in pieces { stream.yield(piece) }
            stream.finish()
        }
        var reader = FormReader(RequestBody(asyncSequence: stream), boundary: boundary)
        var all: [Read] = []
        while let part = try await reader.nextPart() {
            var text = ""
            while let some = try await reader.nextBytes() { text += String(buffer: some) }
            all.append(Read(part, text))
        }
        return all
    }

    private static let form = [
        "--xyz", #"Content-Disposition: form-data; name="visibility""#, "", "public", "--xyz",
        #"content-disposition: form-data; name="file"; filename="a \"b\" %22c%22.txt""#, "Content-Type: text/plain", "",
        "one\r\n--xy\r\n\r\r\n--xy", "--xyz  ", #"Content-Disposition: form-data; name=empty"#, "", "", "--xyz--",
        "after",
    ].joined(separator: "\r\n")

    @Test("A form is read the same however it is cut in pieces", arguments: Array(1...40) + [10_000])
    func pieces(size: Int) async throws {
        let expected = [
            Read("visibility", "public"),
            Read("file", "one\r\n--xy\r\n\r\r\n--xy", fileName: #"a "b" "c".txt"#, type: "text/plain"),
            Read("empty", ""),
        ]
        #expect(try await Self.read(Self.form, by: size) == expected)
        #expect(try await Self.read("a preamble\r\n" + Self.form, by: size) == expected)
    }

    @Test("A large file goes through in little memory")
    func memory() async throws {
        let head = "--xyz\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
        let stream = AsyncStream<ByteBuffer> { stream in
            stream.yield(ByteBuffer(string: head))
            for _ in 0..<400 { stream.yield(ByteBuffer(repeating: 0x61, count: 50_000)) }
            stream.yield(ByteBuffer(string: "\r\n--xyz--\r\n"))
            stream.finish()
        }
        var reader = FormReader(RequestBody(asyncSequence: stream), boundary: "xyz")
        #expect(try await reader.nextPart()?.fileName == "a")
        var (count, most) = (0, 0)
        while let some = try await reader.nextBytes() {
            count += some.readableBytes
            most = max(most, reader.capacity)
        }
        #expect(count == 20_000_000 && most < 1 << 20, "\(most)")
    }

    @Test("A part that nobody reads is passed over")
    func passedOver() async throws {
        var reader = FormReader(RequestBody(buffer: ByteBuffer(string: Self.form)), boundary: "xyz")
        var names: [String] = []
        while let part = try await reader.nextPart() { names.append(part.name) }
        #expect(names == ["visibility", "file", "empty"])
    }

    @Test(
        "What isn't a form is refused",
        arguments: [
            ("", 400), ("nothing", 400), ("--xyz", 400), ("--xyz\r\n\r\nno name\r\n--xyz--", 400),
            ("--xyz\r\nContent-Disposition\r\n\r\na\r\n--xyz--", 400),
            ("--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nno end", 400),
            ("--xyzContent-Disposition: form-data; name=a\r\n\r\na\r\n--xyz--", 400),
            (String(repeating: "p", count: 20_000), 400),
            ("--xyz\r\nX: " + String(repeating: "h", count: 20_000), 413),
            (
                String(repeating: "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\na\r\n", count: 70)
                    + "--xyz--",
                413
            ),
        ])
    func refused(form: String, status: Int) async throws {
        for size in [1, 7, 100_000] {
            let error = await #expect(throws: ErrorBody.self) { try await Self.read(form, by: size) }
            #expect(error?.status == status, "\(String(describing: error))")
        }
    }

    @Test("A boundary stands in the header field")
    func boundaries() throws {
        #expect(try FormReader.boundary(of: nil) == nil)
        #expect(try FormReader.boundary(of: "application/json; boundary=a") == nil)
        #expect(try FormReader.boundary(of: "multipart/form-data; boundary=----WebKit7") == "----WebKit7")
        #expect(try FormReader.boundary(of: #"Multipart/Form-Data;charset=utf-8; BOUNDARY="a b;c""#) == "a b;c")
        for type in [
            "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é",
            "multipart/form-data; boundary=" + String(repeating: "a", count: 71),
        ] {
            #expect(throws: ErrorBody.self, "\(type)") { try FormReader.boundary(of: type) }
        }
    }
}
