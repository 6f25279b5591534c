internal import CMnl
internal import Glibc
internal import System

extension NetlinkSocket {
    /// Sends one request and passes each message of the reply to `body`, up to the end of the reply.
    ///
    /// - Parameters:
    ///   - request: the whole message, with `sequence` in its header.
    ///   - sequence: the sequence number that the replies carry.
    ///   - body: called for each reply; the message is valid only during the call.
    /// - Returns: `false` if the kernel flagged a change during a dump (`NLM_F_DUMP_INTR`).
    /// - Throws: the kernel's error, the socket's error, or the first error of `body`.
    @discardableResult
    func request(
        _ request: [UInt8], sequence: UInt32, _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        try send(request[...])
        var buffer = Self.receiveBuffer()
        var isConsistent = true
        // Read a failed dump to its end before reporting the failure: an unfinished dump keeps the socket busy.
        var failure: SystemError?
        while true {
            guard let messages = try receive(into: &buffer, waits: true) else { continue }
            for message in messages where message.sequence == sequence {
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isConsistent = false }
                if let status = message.status {
                    if let error = status.code == 0 ? failure : status { throw error }
                    return isConsistent
                }
                guard failure == nil else { continue }
                do throws(SystemError) { try body(message) } catch { failure = error }
            }
        }
    }
}
