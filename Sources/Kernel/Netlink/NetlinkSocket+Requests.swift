internal import CMnl
internal import Glibc

extension NetlinkSocket {
    /// Sends one request and hands each message of the answer to `body`, to the end of the answer.
    ///
    /// - Parameters:
    ///   - request: the message, numbered `sequence`.
    ///   - sequence: the number that the answers carry.
    ///   - body: what is done with each answer; the message is valid during the call.
    /// - Returns: whether the kernel saw no change during a dump (no `NLM_F_DUMP_INTR`).
    /// - Throws: what the kernel answers, or what the socket reports.
    @discardableResult
    func request(
        _ request: [UInt8], sequence: UInt32, _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        try send(request)
        var buffer = Self.receiveBuffer()
        var isConsistent = true
        while true {
            guard let messages = try receive(into: &buffer, waits: true) else { continue }
            for message in messages where message.sequence == sequence {
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isConsistent = false }
                if let status = message.status {
                    guard status.code == 0 else { throw status }
                    return isConsistent
                }
                try body(message)
            }
        }
    }
}
