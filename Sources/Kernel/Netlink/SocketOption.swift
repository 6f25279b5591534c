internal import Glibc

/// Options of sockets: getsockopt(2) and setsockopt(2).
enum SocketOption {
    /// The value of an option that is a number; `nil` if the kernel does not know the option.
    static func number<Number: FixedWidthInteger>(_ option: Int32, of descriptor: Int32) -> Number? {
        var number: Number = 0
        var size = socklen_t(MemoryLayout<Number>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, option, &number, &size) == 0 else { return nil }
        return number
    }

    /// Sets an option that is a number; `false` on failure.
    static func set(_ option: Int32, of descriptor: Int32, to value: Int32) -> Bool {
        var value = value
        return unsafe setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// The answer to an option that carries a request in its buffer; `nil` unless the answer is as long as the request.
    static func answer(_ option: Int32, _ level: Int32, of descriptor: Int32, to request: [UInt8]) -> [UInt8]? {
        var bytes = request
        var length = socklen_t(bytes.count)
        let code = unsafe bytes.withUnsafeMutableBytes {
            unsafe getsockopt(descriptor, level, option, $0.baseAddress, &length)
        }
        return code == 0 && Int(length) == bytes.count ? bytes : nil
    }
}
