internal import CYaml

/// Parses the single document of a file with libyaml.
enum YamlParser {
    /// The document; an empty mapping for a file without one, `nil` after an error.
    static func parse(_ file: SourceFile, _ log: DiagnosticLog) -> YamlNode? {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { unsafe parser.deallocate() }
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            log.error("out of memory", at: file.start)
            return nil
        }
        defer { unsafe yaml_parser_delete(parser) }
        // The file is valid UTF-8 already. Without this, libyaml may guess UTF-16 from the first bytes.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        return unsafe file.bytes.withUnsafeBufferPointer { bytes in
            unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            return unsafe document(parser, file, log)
        }
    }

    private static func document(
        _ parser: UnsafeMutablePointer<yaml_parser_t>, _ file: SourceFile, _ log: DiagnosticLog
    ) -> YamlNode? {
        var tree = YamlTree()
        var documents = 0
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else {
                unsafe report(parser.pointee, file, log)
                return nil
            }
            defer { unsafe yaml_event_delete(&event) }
            if unsafe event.type == YAML_STREAM_END_EVENT { break }
            if unsafe event.type == YAML_DOCUMENT_START_EVENT { documents += 1 }
            let place = unsafe place(of: event, file)
            do throws(YamlTree.Refusal) {
                guard documents < 2 else {
                    throw YamlTree.Refusal(message: "a second YAML document; a file can have only one")
                }
                unsafe try take(event, &tree, place)
            } catch {
                log.error(error.message, at: place)
                return nil
            }
        }
        return tree.root ?? YamlNode(content: .mapping([]), place: file.start)
    }

    private static func take(
        _ event: yaml_event_t, _ tree: inout YamlTree, _ place: SourceSpan
    ) throws(YamlTree.Refusal) {
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try unsafe refuse(anchor: scalar.anchor, tag: scalar.tag)
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            var text = unsafe String(decoding: bytes, as: UTF8.self)
            // A block scalar ends in a line break, which is not meant as part of the value.
            if unsafe scalar.style == YAML_LITERAL_SCALAR_STYLE || scalar.style == YAML_FOLDED_SCALAR_STYLE {
                while text.last == "\n" { text.removeLast() }
            }
            // Printable ASCII, which nearly all text is, needs no closer look.
            let isPlain = text.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
            if !isPlain,
                text.unicodeScalars.contains(where: { Printable.isControl($0) && $0 != "\n" && $0 != "\t" })
            {
                throw YamlTree.Refusal(message: "\(Printable.quoted(text)) has a control character")
            }
            try tree.add(scalar: text, at: place)
        case YAML_SEQUENCE_START_EVENT:
            try unsafe refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag)
            try tree.start(isMapping: false, at: place)
        case YAML_MAPPING_START_EVENT:
            try unsafe refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag)
            try tree.start(isMapping: true, at: place)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: try tree.end()
        case YAML_ALIAS_EVENT:
            let name = unsafe String(cString: event.data.alias.anchor)
            throw YamlTree.Refusal(
                message: "unsupported alias \(Printable.quoted("*" + name)); text that starts with * needs quotes")
        default: break
        }
    }

    private static func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?
    ) throws(YamlTree.Refusal) {
        if let anchor = unsafe anchor {
            let name = unsafe Printable.quoted("&" + String(cString: anchor))
            throw YamlTree.Refusal(message: "unsupported anchor \(name); text that starts with & needs quotes")
        }
        if let tag = unsafe tag {
            let name = Printable.quoted(YamlProblem.shorthand(ofTag: unsafe String(cString: tag)))
            throw YamlTree.Refusal(message: "unsupported tag \(name); values are read as text")
        }
    }

    /// The place of an event: the first line of a scalar, the first character of any other value.
    private static func place(of event: yaml_event_t, _ file: SourceFile) -> SourceSpan {
        let (start, end) = unsafe (event.start_mark, event.end_mark)
        let isScalar = unsafe event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT
        let rest = start.line == end.line ? Int(end.column) - Int(start.column) : .max
        return SourceSpan(
            file: file, line: Int(start.line) + 1, column: Int(start.column) + 1, length: isScalar ? max(1, rest) : 1)
    }

    private static func report(_ parser: yaml_parser_t, _ file: SourceFile, _ log: DiagnosticLog) {
        if let place = YamlProblem.mergeMarker(in: file) {
            log.error(
                "an unfinished merge: keep one of the two versions, and delete the lines <<<<<<<, ======= and >>>>>>>",
                at: place)
            return
        }
        // A list or a quote that is never closed is noticed at the end of the file: show its start instead.
        let isAtEnd = unsafe Int(parser.problem_mark.line) >= file.lineCount && parser.context != nil
        let mark = unsafe isAtEnd ? parser.context_mark : parser.problem_mark
        let place = SourceSpan(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1, length: 1)
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "syntax error"
        let context = unsafe parser.context.map { unsafe " " + String(cString: $0) } ?? ""
        let start = unsafe Int(parser.context_mark.line) + 1
        log.error(YamlProblem.message(problem: problem, context: context, from: start, at: place), at: place)
    }
}
