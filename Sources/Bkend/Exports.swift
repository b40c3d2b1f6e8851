// An app imports one module: values of the wire (JSON, Filter, ErrorCode …) and the transport seam are part of
// the SDK's face. The attribute has no public spelling yet; GRDB, NIO and the standard overlays use it the same way.
@_exported public import BkendSync
@_exported public import BkendTransport
@_exported public import BkendWire
