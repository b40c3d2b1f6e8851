import BkendWire
import Foundation

extension FuzzWorld {
    /// A key that was issued, on its way to a file.
    struct Upload {
        let key: String
        let fileID: String
        /// The signed query of its address.
        let query: String
        let bytes: [UInt8]
        var isStored = false
    }

    /// An upload in parts.
    struct PartUpload {
        let key: String
        let uploadID: String
        /// The tag that its only part was answered with.
        var tag = ""
        /// The signed query of its part's address.
        var query = ""
    }

    /// A request to a route of files that the server should serve; or one that makes what such a request needs.
    mutating func validFile(_ route: FuzzedRoute, _ random: inout FuzzRandom) -> (FuzzedRoute, FuzzRequest) {
        var request = FuzzRequest(route.method, route.pattern)
        request.headers = [("X-API-Key", secretKey)]
        switch (route.method, route.pattern) {
        case ("POST", "/v1/files/presigned-url"): return presign(&random)
        case ("POST", "/v1/files/multipart/init"), ("POST", "/v1/files/multipart/initiate"): return beginParts(route)
        case ("POST", "/v1/files/upload"):
            request.rawBody = Self.form
            request.contentType = "multipart/form-data; boundary=xyz"
        case (_, let pattern) where pattern.contains("/avatar"): return avatar(route, &random)
        case ("POST", "/v1/files/multipart/:id/complete") where !partUploads.contains { !$0.tag.isEmpty }:
            return validFile(FuzzedRoute("POST", "/v1/files/multipart/complete"), &random)
        case ("POST", "/v1/files/multipart/complete") where !partUploads.contains { !$0.tag.isEmpty }:
            guard let upload = random.pick(partUploads.filter { !$0.query.isEmpty }) else {
                return validFile(FuzzedRoute("POST", "/v1/files/multipart/presigned-url"), &random)
            }
            request = FuzzRequest("PUT", "/storage/\(upload.key)")
            request.rawQuery = upload.query
            request.rawBody = [UInt8](repeating: 7, count: 64)
            return (FuzzedRoute("PUT", "/storage/:key"), request)
        case ("POST", let pattern) where pattern.hasPrefix("/v1/files/multipart"):
            let isCompleting = pattern.hasSuffix("complete")
            guard let upload = random.pick(partUploads.filter { !isCompleting || !$0.tag.isEmpty }) else {
                return beginParts(FuzzedRoute("POST", "/v1/files/multipart/init"))
            }
            request.body = [
                "key": .string(upload.key), "uploadId": .string(upload.uploadID), "partNumber": 1,
                "parts": [["partNumber": 1, "etag": .string(upload.tag)]],
            ]
            request.path = request.path.replacing(":id", with: upload.uploadID)
        case ("PUT", _):
            guard let upload = random.pick(uploads + avatars.filter { !$0.isStored }) else { return presign(&random) }
            request.headers = []
            request.path = "/storage/\(upload.key)"
            request.rawQuery = upload.query
            request.rawBody = upload.bytes
            request.contentType = "image/png"
        case ("GET", "/storage/:key"), ("GET", "/img/:key"):
            guard let upload = random.pick(uploads.filter(\.isStored)) else {
                return validFile(FuzzedRoute("PUT", "/storage/:key"), &random)
            }
            request.headers = []
            let sizes = ["", "fit-in/10x0/", "10x10/smart/", "filters:quality(5)/"]
            request.path =
                route.pattern == "/img/:key"
                ? "/img/\(random.pick(sizes) ?? "")\(upload.key)" : "/storage/\(upload.key)"
            if random.once(in: 3) { request.headers.append(("Range", "bytes=1-\(random.pick([0, 1, 5, 900]) ?? 0)")) }
        case ("POST", "/v1/files"), ("POST", "/v1/files/:id/complete"):
            guard let upload = random.pick(uploads.filter(\.isStored)) else {
                return validFile(FuzzedRoute("PUT", "/storage/:key"), &random)
            }
            request.path = request.path.replacing(":id", with: upload.fileID)
            guard route.pattern == "/v1/files" else { return (route, request) }
            request.body = [
                "s3Key": .string(upload.key), "originalName": "a picture.png", "mimeType": "image/png",
                "size": .int(Int64(upload.bytes.count)), "width": 10, "height": 20,
                "metadata": ["tags": ["a", "b"], "alt": "A picture"], "sharedWith": ["someone"],
            ]
        case ("GET", "/v1/files"):
            if random.once(in: 2) { request.query.append(("search", random.pick(["a", "picture", "é"]) ?? "a")) }
            if random.once(in: 3) { request.query.append(("mimeType", random.pick(["image/*", "image/png"]) ?? "")) }
            if random.once(in: 3) { request.query.append(("sortBy", random.pick(["size", "originalName"]) ?? "id")) }
        case (_, "/v1/files/buckets"), ("GET", "/v1/data/files"): break
        default:
            guard let id = random.pick(files) else { return validFile(FuzzedRoute("POST", "/v1/files"), &random) }
            request.path = request.path.replacing(":id", with: id)
            if route.pattern.hasSuffix("/visibility") {
                request.body = ["visibility": .string(random.pick(["public", "private", "shared"]) ?? "public")]
            } else if route.method == "PATCH" {
                request.body = [
                    "originalName": .string(unique("Name ")), "metadata": ["alt": "another", "tags": .null],
                ]
            }
        }
        return (route, request)
    }

    /// A user's picture, from its address to its end.
    private mutating func avatar(_ route: FuzzedRoute, _ random: inout FuzzRandom) -> (FuzzedRoute, FuzzRequest) {
        guard let user = accounts.first else { return valid(FuzzedRoute("POST", "/v1/auth/email/signup"), &random) }
        var route = route
        let stored = avatars.first { $0.isStored }
        if route.method == "PATCH", stored == nil {
            if !avatars.isEmpty { return validFile(FuzzedRoute("PUT", "/storage/:key"), &random) }
            route = FuzzedRoute("POST", "/v1/users/:id/avatar/upload-url")
        }
        var request = FuzzRequest(route.method, route.pattern.replacing(":id", with: user.id))
        request.headers = [("X-API-Key", secretKey)]
        switch route.method {
        case "POST": request.body = ["filename": "me.png", "contentType": "image/png"]
        case "PATCH": request.body = ["s3Key": .string(stored?.key ?? "")]
        default: break
        }
        return (route, request)
    }

    private static let form = Array(
        [
            "--xyz", #"Content-Disposition: form-data; name="visibility""#, "", "public", "--xyz",
            #"Content-Disposition: form-data; name="file"; filename="a picture.png""#, "Content-Type: image/png", "",
            "bytes", "--xyz--", "",
        ].joined(separator: "\r\n").utf8)

    private func beginParts(_ route: FuzzedRoute) -> (FuzzedRoute, FuzzRequest) {
        var request = FuzzRequest("POST", route.pattern)
        request.headers = [("X-API-Key", secretKey)]
        request.body = ["filename": "film.mp4", "contentType": "video/mp4", "fileSize": 64]
        return (route, request)
    }

    private func presign(_ random: inout FuzzRandom) -> (FuzzedRoute, FuzzRequest) {
        var request = FuzzRequest("POST", "/v1/files/presigned-url")
        request.headers = [("X-API-Key", secretKey)]
        request.body = [
            "filename": .string(random.pick(["a.png", "../b/c.png", "ein Bild mit é.png"]) ?? "a.png"),
            "contentType": "image/png", "fileSize": 64, "visibility": "public",
        ]
        return (FuzzedRoute("POST", "/v1/files/presigned-url"), request)
    }

    /// Remembers what an answer about files has made or ended.
    mutating func learnFile(_ route: FuzzedRoute, _ request: FuzzRequest, _ answer: FuzzConnection.Answer) {
        switch (route.method, route.pattern) {
        case ("POST", "/v1/files/presigned-url"):
            guard let key = answer.json["key"]?.stringValue, let id = answer.json["fileId"]?.stringValue,
                let query = answer.json["url"]?.stringValue?.split(separator: "?").last,
                request.body?["fileSize"] == 64
            else { return }
            uploads.append(Upload(key: key, fileID: id, query: String(query), bytes: [UInt8](repeating: 7, count: 64)))
            if uploads.count > 50 { uploads.removeFirst(25) }
        case (_, let pattern) where pattern.contains("/avatar"):
            if route.method == "PATCH" { avatars.removeAll { request.body?["s3Key"]?.stringValue == $0.key } }
            guard let key = answer.json["key"]?.stringValue,
                let query = answer.json["url"]?.stringValue?.split(separator: "?").last
            else { return }
            avatars.append(Upload(key: key, fileID: "", query: String(query), bytes: [UInt8](repeating: 7, count: 64)))
            if avatars.count > 20 { avatars.removeFirst(10) }
        case ("POST", "/v1/files/upload"):
            guard let id = answer.json["id"]?.stringValue else { return }
            files.append(id)
            if files.count > 100 { files.removeFirst(50) }
        case ("POST", "/v1/files/multipart/init"), ("POST", "/v1/files/multipart/initiate"):
            guard let key = answer.json["key"]?.stringValue, let id = answer.json["uploadId"]?.stringValue else {
                return
            }
            partUploads.append(PartUpload(key: key, uploadID: id))
            if partUploads.count > 50 { partUploads.removeFirst(25) }
        case ("POST", "/v1/files/multipart/presigned-url"):
            guard let query = answer.json["url"]?.stringValue?.split(separator: "?").last else { return }
            for index in partUploads.indices where request.body?["key"]?.stringValue == partUploads[index].key {
                partUploads[index].query = String(query)
            }
        case ("POST", "/v1/files/multipart/complete"), ("POST", "/v1/files/multipart/abort"):
            partUploads.removeAll { request.body?["key"]?.stringValue == $0.key }
        case ("POST", "/v1/files/multipart/:id/part-url"):
            guard let query = answer.json["url"]?.stringValue?.split(separator: "?").last else { return }
            for index in partUploads.indices where request.path.contains(partUploads[index].uploadID) {
                partUploads[index].query = String(query)
            }
        case ("POST", "/v1/files/multipart/:id/complete"), ("POST", "/v1/files/multipart/:id/abort"):
            partUploads.removeAll { request.path.contains($0.uploadID) }
        case ("PUT", _):
            for index in partUploads.indices where request.path == "/storage/\(partUploads[index].key)" {
                partUploads[index].tag = answer.tag
            }
            for index in uploads.indices where request.path == "/storage/\(uploads[index].key)" {
                uploads[index].isStored = true
            }
            for index in avatars.indices where request.path == "/storage/\(avatars[index].key)" {
                avatars[index].isStored = true
            }
        case ("POST", "/v1/files"), ("POST", "/v1/files/:id/complete"):
            guard let id = answer.json["id"]?.stringValue else { return }
            files.append(id)
            if files.count > 100 { files.removeFirst(50) }
            uploads.removeAll { $0.fileID == id }
        case ("DELETE", _): files.removeAll { request.path.hasSuffix($0) }
        default: break
        }
    }
}
