import BkendWire
import HTTPTypes

// The routes of files (rest-api.md §9).

extension Route {
    /// Records of files and what leads to them, and the addresses of their bytes.
    static let files: [Route] = [
        .files(.post, "/v1/files/presigned-url", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).presign(fields)
        },
        .files(.post, "/v1/files", .create, deadline: .progress, budget: RouteBudget.fileForm) { call in
            if let boundary = try FormReader.boundary(of: call.request.headers[.contentType]) {
                return try await FileRoutes(call).upload(boundary)
            }
            let (fields, caller) = try await call.fields(upTo: RouteBudget.fileChange(call.limits).bodyBytes)
            return try await FileRoutes(call, by: caller).register(fields)
        },
        .files(.post, "/v1/files/upload", .create, deadline: .progress, budget: RouteBudget.fileForm) { call in
            guard let boundary = try FormReader.boundary(of: call.request.headers[.contentType]) else {
                throw FormReader.notAForm
            }
            return try await FileRoutes(call).upload(boundary)
        },
        .files(.post, "/v1/files/multipart/init", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).beginParts(fields)
        },
        .files(.post, "/v1/files/multipart/presigned-url", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).partAddress(fields)
        },
        .files(.post, "/v1/files/multipart/complete", .create, budget: RouteBudget.fileParts) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).completeParts(fields)
        },
        .files(.post, "/v1/files/multipart/abort", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).abortParts(fields)
        },
        // The names that some guides have for the same.
        .files(.post, "/v1/files/multipart/initiate", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).beginParts(fields)
        },
        .files(.post, "/v1/files/multipart/:id/part-url", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            let routes = FileRoutes(call, by: caller)
            return try await routes.partAddress(try await routes.inParts(fields))
        },
        .files(.post, "/v1/files/multipart/:id/complete", .create, budget: RouteBudget.fileParts) { call in
            let (fields, caller) = try await call.fields()
            let routes = FileRoutes(call, by: caller)
            return try await routes.completeParts(try await routes.inParts(fields))
        },
        .files(.post, "/v1/files/multipart/:id/abort", .create, budget: RouteBudget.fileRemoval) { call in
            let routes = FileRoutes(call)
            return try await routes.abortParts(try await routes.inParts([:]))
        },
        .files(.get, "/v1/files", .list, budget: RouteBudget.fileList) { call in try await FileRoutes(call).list() },
        .files(.get, "/v1/files/buckets", .list, budget: RouteBudget.file) { call in
            try await FileRoutes(call).buckets()
        },
        .files(.get, "/v1/files/:id", .read, budget: RouteBudget.file) { call in try await FileRoutes(call).get() },
        .files(.patch, "/v1/files/:id", .update, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).update(fields)
        },
        .files(.delete, "/v1/files/:id", .delete, budget: RouteBudget.fileRemoval) { call in
            try await FileRoutes(call).delete()
        },
        .files(.patch, "/v1/files/:id/visibility", .update, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).setVisibility(fields)
        },
        .files(.post, "/v1/files/:id/complete", .create, budget: RouteBudget.fileRemoval) { call in
            try await FileRoutes(call).complete()
        },
        .files(.post, "/v1/files/:id/download-url", .read, budget: RouteBudget.file) { call in
            try await FileRoutes(call).downloadAddress()
        },
        .files(.get, "/v1/files/:id/download-url", .read, budget: RouteBudget.file) { call in
            try await FileRoutes(call).downloadAddress()
        },
        .files(.get, "/v1/files/:id/download", .read, budget: RouteBudget.fileBytes) { call in
            try await FileRoutes(call).download()
        },
        .files(.get, "/v1/data/files", .list, budget: RouteBudget.fileList) { call in
            try call.checkAdmin("files")
            return try await FileRoutes(call).list()
        },
        .files(.get, "/v1/data/files/:id", .read, budget: RouteBudget.file) { call in
            try call.checkAdmin("files")
            return try await FileRoutes(call).get()
        },
        .avatar(.post, "/v1/users/:id/avatar/upload-url", budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).presignAvatar(fields)
        },
        .avatar(.patch, "/v1/users/:id/avatar", budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).setAvatar(fields)
        },
        .avatar(.delete, "/v1/users/:id/avatar", budget: RouteBudget.fileRemoval) { call in
            try await FileRoutes(call).removeAvatar()
        },
        Route(
            .get, "/img/:key", takesTokens: false, isWrapped: false, budget: RouteBudget.fileBytes,
            handler: .addressed { call in try await call.picture() }),
        Route(
            .get, "/storage/:key", takesTokens: false, isWrapped: false, budget: RouteBudget.fileBytes,
            handler: .addressed { call in try await call.get() }),
        Route(
            .put, "/storage/:key", takesTokens: false, isWrapped: false, deadline: { _ in .progress },
            budget: RouteBudget.fileUpload, handler: .addressed { call in try await call.put() }),
    ]

    private static func files(
        _ method: HTTPRequest.Method, _ pattern: String, _ scope: TableOperation, deadline: RouteDeadline? = nil,
        budget: @escaping @Sendable (ServerLimits) -> RouteBudget,
        _ answer: @escaping @Sendable (RouteCall) async throws -> RouteAnswer
    ) -> Route {
        Route(
            method, pattern, filesScope: scope, deadline: { deadline ?? .whole(seconds: $0.requestSeconds) },
            budget: budget, handler: .keyed(answer))
    }

    /// A user's picture belongs to the user, and so do the scopes.
    private static func avatar(
        _ method: HTTPRequest.Method, _ pattern: String, budget: @escaping @Sendable (ServerLimits) -> RouteBudget,
        _ answer: @escaping @Sendable (RouteCall) async throws -> RouteAnswer
    ) -> Route {
        Route(method, pattern, usersScope: .update, budget: budget, handler: .keyed(answer))
    }
}
