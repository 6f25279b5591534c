internal import Addressing
internal import CMnl
internal import CNftnl

/// A C struct of numbers alone, as a message holds it: every sequence of bytes is a value of it.
protocol NumericStruct {}

extension nlmsghdr: NumericStruct {}
extension nfgenmsg: NumericStruct {}
extension rtmsg: NumericStruct {}
extension rtnexthop: NumericStruct {}
extension ndmsg: NumericStruct {}
extension tcmsg: NumericStruct {}
extension ifinfomsg: NumericStruct {}
extension fib_rule_hdr: NumericStruct {}
extension inet_diag_req_v2: NumericStruct {}
extension inet_diag_req: NumericStruct {}
extension inet_diag_msg: NumericStruct {}

extension NumericStruct {
    /// The bytes of the struct.
    var bytes: [UInt8] { unsafe withUnsafeBytes(of: self) { unsafe Array($0) } }

    /// The struct at `offset`; `nil` if it does not lie in the span.
    init?(_ span: Span<UInt8>, at offset: Int = 0) {
        guard offset >= 0, offset + MemoryLayout<Self>.size <= span.count else { return nil }
        // Safe: any bytes are a value of the struct.
        self = unsafe span.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Self.self) }
    }
}
