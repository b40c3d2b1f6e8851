import BkendTransport
import BkendWire
import Foundation
import HTTPTypes
import Testing

@testable import BkendServer

/// What needs no service: signatures, addresses, credentials, answers.
@Suite struct S3ValueTests {
    /// The examples of AWS's "Authenticating Requests: Using the Authorization Header (Signature Version 4)".
    @Test(
        "Signatures are those of AWS's examples",
        arguments: [
            ("/test.txt", "bytes=0-9", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
            ("/?lifecycle=", nil, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ("/?max-keys=2&prefix=J", nil, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] as [(String, String?, String)])
    func signatures(path: String, range: String?, signature: String) throws {
        let credentials = try S3Credentials(environment: [
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ])
        var head = HTTPRequest(
            method: .get, scheme: "https", authority: "examplebucket.s3.amazonaws.com", path: path)
        head.headerFields[.range] = range
        let moment = try #require(Timestamp("2013-05-24T00:00:00.000Z"))
        S3Signer(credentials: credentials, region: "us-east-1").sign(
            &head, payload: S3Signer.digest(of: []), at: moment)
        let names = "host;\(range == nil ? "" : "range;")x-amz-content-sha256;x-amz-date"
        #expect(
            head.headerFields[.authorization]
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=\(names), Signature=\(signature)")
    }

    @Test("Credentials say nothing of the secret, whoever prints them")
    func secrets() throws {
        let text = """
            # a comment
            [other]
            aws_access_key_id = other
            [default]
            aws_access_key_id = AKIA
            aws_secret_access_key=se/cr+et==
            aws_session_token = token
            """
        let credentials = try S3Credentials(file: text, path: "x")
        #expect(credentials.accessKey == "AKIA" && credentials.secretKey == "se/cr+et==")
        #expect(credentials.sessionToken == "token")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("cr+et") && !text.contains("token"))
        }
        for wrong in [["AWS_ACCESS_KEY_ID": "a"], ["AWS_ACCESS_KEY_ID": "a\nb", "AWS_SECRET_ACCESS_KEY": "x"]] {
            #expect(throws: OperatorError.self) { _ = try S3Credentials(environment: wrong) }
        }
    }

    @Test("A file of credentials that others may read is refused")
    func openFile() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let text = Data("aws_access_key_id = a\naws_secret_access_key = b\n".utf8)
            for (mode, isGood) in [(0o600, true), (0o640, false)] {
                _ = FileManager.default.createFile(
                    atPath: folder + "/c", contents: text, attributes: [.posixPermissions: mode])
                if isGood {
                    #expect(try S3CredentialSource(file: folder + "/c").current.accessKey == "a")
                } else {
                    #expect(throws: OperatorError.self) { _ = try S3CredentialSource(file: folder + "/c") }
                }
                try FileManager.default.removeItem(atPath: folder + "/c")
            }
        }
    }

    private func settings(
        _ address: String?, endpoint: String? = nil, region: String? = nil, after: S3Settings? = nil
    ) throws -> S3Settings {
        var options = S3Options()
        (options.address, options.endpoint, options.region) = (address, endpoint, region)
        return try S3Settings(options, remembered: after)
    }

    @Test("Addresses of buckets, and where their objects are")
    func addresses() throws {
        let aws = try settings("s3://app-files/production/", region: "eu-central-1")
        #expect(aws.bucket == "app-files" && aws.prefix == "production/" && aws.address == "s3://app-files/production/")
        var endpoint = try S3Endpoint(aws)
        #expect(endpoint.authority == "app-files.s3.eu-central-1.amazonaws.com" && endpoint.root == "/")
        endpoint = try S3Endpoint(settings("s3://app.files"))
        #expect(endpoint.authority == "s3.us-east-1.amazonaws.com" && endpoint.root == "/app.files/")
        endpoint = try S3Endpoint(settings("s3://app-files", endpoint: "https://S3.example.com:443/"))
        #expect(endpoint.authority == "s3.example.com" && endpoint.root == "/app-files/")
        endpoint = try S3Endpoint(settings("s3://app-files", endpoint: "http://{bucket}.localhost:9000"))
        #expect(endpoint.authority == "app-files.localhost:9000" && endpoint.root == "/" && endpoint.scheme == "http")
        #expect(try settings(nil, region: "eu-west-1", after: aws).region == "eu-west-1")
        #expect(try settings(nil, after: aws) == aws)
        #expect(S3Settings(.object(aws.json)) == aws)
        for wrong in [
            "app-files", "s3:/app-files", "s3://", "s3://a", "s3://app-files//x", "s3://app-files/../x",
            "s3://app files",
            "s3://app-files/a?b", "s3://app-files/.hidden", "https://app-files",
        ] {
            #expect(throws: OperatorError.self, "\(wrong)") { _ = try settings(wrong) }
        }
        for wrong in [
            "s3.example.com", "https://u:p@s3.example.com", "https://s3.example.com/x", "ftp://s3.example.com",
        ] {
            #expect(throws: OperatorError.self, "\(wrong)") {
                _ = try S3Endpoint(settings("s3://app-files", endpoint: wrong))
            }
        }
        // Rows name objects where they were put.
        #expect(throws: OperatorError.self) { _ = try settings("s3://app-files/other", after: aws) }
        #expect(throws: OperatorError.self) { _ = try settings(nil, region: "eu-west-1") }
    }

    @Test("Requests are written as they are signed: parameters escaped and in order")
    func requests() throws {
        let endpoint = try S3Endpoint(settings("s3://app-files/a", endpoint: "https://s3.example.com"))
        let list = S3Request.list("a/b/", after: "x+/=", most: 10).head(endpoint)
        #expect(list.path == "/app-files?continuation-token=x%2B%2F%3D&list-type=2&max-keys=10&prefix=a%2Fb%2F")
        let get = S3Request.get("a/b/0", 5..<10).head(endpoint)
        #expect(get.path == "/app-files/a/b/0" && get.headerFields[.range] == "bytes=5-9")
        #expect(S3Request.get("k", 0..<Int.max).head(endpoint).headerFields[.range] == "bytes=0-")
        let hosted = try S3Endpoint(settings("s3://app-files"))
        #expect(S3Request.list("", after: nil, most: 1).head(hosted).path == "/?list-type=2&max-keys=1&prefix=")
    }

    private func page(_ text: String, date: String? = "Sun, 29 Nov 2026 20:00:00 GMT") -> S3Page? {
        var head = HTTPResponse(status: .ok)
        head.headerFields[.date] = date
        return S3Page(head, S3Document(Array(text.utf8)), prefix: "p/")
    }

    @Test("Lists are read with their entities, and nothing else is taken for one")
    func lists() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>p/</Prefix>
            <Contents><Key>p/a&amp;&#x62;&lt;</Key><LastModified>2026-11-29T19:59:59.000Z</LastModified>
            <ETag>&quot;x&quot;</ETag><Size>12</Size><Owner><ID>q</ID></Owner></Contents>
            <Contents><Key>p/c</Key><LastModified>never</LastModified><Size>1</Size></Contents>
            <Contents><Key>other</Key></Contents><CommonPrefixes/>
            <IsTruncated>true</IsTruncated><NextContinuationToken>t=</NextContinuationToken></ListBucketResult>
            """
        let found = try #require(page(text))
        #expect(found.entries.map(\.name) == ["a&b<", "c"] && found.entries.map(\.bytes) == [12, 1])
        #expect(
            found.next == "t=" && found.age(of: found.entries[0]) == 1_000 && found.age(of: found.entries[1]) == nil)
        #expect(page(text, date: nil).map { $0.age(of: $0.entries[0]) == nil } == true)
        for wrong in [
            "", "<html><body>404</body></html>", "<ListBucketResult>", "<Error><Code>x</Code></Error>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            String(repeating: "<a>", count: 100_000),
        ] {
            #expect(page(wrong) == nil, "\(wrong.prefix(50))")
        }
    }

    @Test("A failure says what was asked of which object, the service's code, and what to do; clients learn neither")
    func failures() throws {
        func failure(_ status: Int, _ body: String) -> S3Failure {
            let head = HTTPResponse(status: .init(code: status))
            return S3Failure(
                .put("p/x", []), S3Failure.refusal(head, Array(body.utf8)), bucket: "b", host: "s3.example.com")
        }
        let denied = failure(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        #expect(
            denied.description
                == "PUT s3://b/p/x at s3.example.com was refused with 403 (AccessDenied: Access Denied); "
                + #"allow it in the policy of the access key (docs/files.md, "S3")"#)
        #expect(denied.answer.status == 503 && !denied.answer.message.contains("s3") && !denied.isPassing)
        let proxy = failure(502, "<html><h1>Bad gateway</h1></html>" + String(repeating: "x", count: 60_000))
        #expect(proxy.isPassing && proxy.description.utf8.count < 200)
        for (status, code) in [(507, ""), (503, "XMinioStorageFull"), (403, "QuotaExceeded")] {
            let full = failure(status, "<Error><Code>\(code)</Code></Error>")
            #expect(full.answer.status == 507 && !full.isPassing, "\(code)")
        }
        let missing = failure(404, "<Error><Code>NoSuchKey</Code></Error>")
        #expect(missing.isMissing && missing.answer.status == 500)
        #expect(!failure(404, "<Error><Code>NoSuchBucket</Code></Error>").isMissing)
    }

    @Test("Plain http is for this machine alone")
    func plain() throws {
        let remote = try settings("s3://app-files", endpoint: "http://s3.example.com")
        #expect(throws: OperatorError.self) { _ = try S3Client(remote) }
    }
}
