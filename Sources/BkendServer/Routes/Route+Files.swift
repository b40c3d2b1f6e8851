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
        .files(.post, "/v1/files", .create, budget: RouteBudget.fileChange) { call in
            let (fields, caller) = try await call.fields()
            return try await FileRoutes(call, by: caller).register(fields)
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
        Route(
            .get, "/storage/:key", takesTokens: false, isWrapped: false, budget: RouteBudget.fileBytes,
            handler: .addressed { call in try await call.get() }),
        Route(
            .put, "/storage/:key", takesTokens: false, isWrapped: false, deadline: { _ in .progress },
            budget: RouteBudget.fileUpload, handler: .addressed { call in try await call.put() }),
    ]

    private static func files(
        _ method: HTTPRequest.Method, _ pattern: String, _ scope: TableOperation,
        budget: @escaping @Sendable (ServerLimits) -> RouteBudget,
        _ answer: @escaping @Sendable (RouteCall) async throws -> RouteAnswer
    ) -> Route {
        Route(method, pattern, filesScope: scope, budget: budget, handler: .keyed(answer))
    }
}
