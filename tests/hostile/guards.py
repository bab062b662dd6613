"""Guards against hostile inputs, and what the program is without each: code for other code."""
# ruff: noqa: E501 - code as it stands, a line each

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """`code` in `file` guards against a number of docs/hostile-inputs.md; `gone` is what is left
    without it, and `test` then fails."""

    number: int
    file: str
    code: str
    gone: str
    test: str


ARCHIVES, SANDBOX = "extraction/test_archives.py::", "extraction/test_sandbox.py::"
READ, TEXTS = "extraction/test_read.py::", "extraction/test_hostile_texts.py::"
FOLLOW, HEADERS = "crawler/test_following.py::", "crawler/test_hostile_headers.py::"
PROXY, RESOLVE = "egress/test_egress_proxy.py::", "egress/test_egress_resolve.py::"
POLICY, BROWSER = "egress/test_egress_policy.py::", "crawler/test_rendering.py::"
NEIGHBOURS = "crawler/test_neighbours.py::"
SERVER, CHILD = "crawler/test_hostile_server.py::", "crawler/test_hostile_child.py::"
ZIP_MEMBER = (
    "                if not info.is_dir():\n"
    "                    yield counter.read(info.filename, lambda info=info: archive.open(info))"
)

GUARDS = (
    Guard(1, "crawler/settings.py", '"DOWNLOAD_MAXSIZE": MAX_BODY,', '"DOWNLOAD_MAXSIZE": 0,',
          f"{SERVER}test_compressed_bomb[br]"),
    Guard(1, "crawler/streaming.py", "content > MAX_RATIO * packed", "False",
          f"{FOLLOW}test_a_bomb_behind_a_link_is_too_large[br]"),
    Guard(1, "crawler/unpacking.py", "self._made.process(untrusted_data, output_buffer_limit=STEP)",
          "self._made.process(untrusted_data)",
          "crawler/test_unpacking.py::test_a_bomb_comes_in_small_pieces[br]"),
    Guard(2, "extraction/archives.py", "        bound = self.bound\n", "        bound = 1 << 40\n",
          f"{READ}test_a_zip_bomb_is_cut_and_said"),
    Guard(2, "extraction/archives.py", "        self._own -= count\n", "",
          f"{READ}test_members_that_share_their_bytes_are_all_counted"),
    Guard(2, "extraction/archives.py", "            if account.members < 0:\n",
          "            if False:\n",
          f"{ARCHIVES}test_the_number_of_members_is_bounded_and_said[zip]"),
    Guard(2, "extraction/archives.py", "        self.account.room -= count\n", "",
          f"{ARCHIVES}test_archives_inside_one_share_its_bound"),
    Guard(2, "extraction/read.py",
          "        if (packing or form in formats.DEEP) and depth >= self.budget.limits.max_depth:\n",
          "        if False:\n",
          f"{READ}test_an_archive_in_an_archive_is_read_down_to_the_depth"),
    Guard(2, "extraction/read.py", "    if depth >= account.limits.max_depth:\n        yield",
          "    if False:\n        yield",
          f"{READ}test_an_archive_in_an_archive_is_read_down_to_the_depth"),
    Guard(2, "extraction/packed.py",
          "min(room, limits.max_bytes, max(ALWAYS_ALLOWED, limits.max_ratio * len(untrusted_body)))",
          "1 << 40", f"{ARCHIVES}test_nested_compression_is_bounded[gzip]"),
    Guard(2, "extraction/sevenzip.py", "            raise _Full\n        self", "            pass\n        self",
          f"{ARCHIVES}test_a_seven_zip_bomb_is_stopped_while_it_is_written"),
    Guard(3, "extraction/archives.py", ZIP_MEMBER,
          ZIP_MEMBER.replace("archive.open(info)", 'open(archive.extract(info), "rb")'),
          f"{ARCHIVES}test_names_never_become_paths[zip]"),
    Guard(3, "extraction/archives.py", "lambda info=info: archive.extractfile(info)",
          'lambda info=info: archive.extract(info, filter="fully_trusted")',
          f"{ARCHIVES}test_names_never_become_paths[tar]"),
    Guard(3, "extraction/archives.py", "            if info.isreg():\n",
          '            archive.extract(info, filter="fully_trusted")\n            if info.isreg():\n',
          f"{ARCHIVES}test_links_of_a_tar_lead_nowhere"),
    Guard(4, "crawler/guard.py", '            raise NotAllowed("off-site")\n', "            return\n",
          f"{SERVER}test_redirect_to_the_inside_is_not_followed[http://169.254.169.254/latest/meta-data/]"),
    Guard(4, "egress/policy.py", "        if reason:\n            raise Refused(\n",
          "        if False:\n            raise Refused(\n",
          f"{SERVER}test_a_listed_host_is_dialled_only_at_an_allowed_address"),
    Guard(5, "crawler/browser.py", 'f"--proxy-server={proxy.url}", "--proxy-bypass-list=<-loopback>",', "",
          f"{BROWSER}test_the_browser_goes_nowhere_the_source_may_not"),
    Guard(5, "egress/proxy.py", "await self._names.resolve(request.host, request.port)", "[request.host]",
          f"{PROXY}test_chromium_reaches_nothing_inside"),
    Guard(6, "egress/resolve.py", "            if name not in self._answers:\n", "            if True:\n",
          f"{PROXY}test_a_name_that_turns_inward_is_not_looked_up_again"),
    Guard(6, "egress/resolve.py",
          "    good = [answer for answer in dict.fromkeys(answers) if policy.allows(answer)]\n",
          "    good = list(dict.fromkeys(answers))\n",
          f"{RESOLVE}test_of_several_answers_only_public_ones_are_dialled"),
    Guard(7, "egress/resolve.py", "    if NUMERIC.fullmatch(labels[-1]) and _literal(host) is None:\n",
          "    if False:\n", f"{RESOLVE}test_unusual_forms_are_refused_before_any_look_up"),
    Guard(7, "egress/policy.py", "        yield address.ipv4_mapped\n", "        yield from ()\n",
          f"{POLICY}test_inside_addresses_are_refused"),
    Guard(7, "egress/policy.py", "        yield address.sixtofour\n", "        yield from ()\n",
          f"{POLICY}test_naming_a_translator_does_not_open_what_is_behind_it"),
    Guard(7, "egress/policy.py", "        or any(address in net for net in NAT64)\n", "",
          f"{POLICY}test_naming_a_translator_does_not_open_what_is_behind_it"),
    Guard(7, "egress/policy.py", "    if address in UNICAST_6 or _is_public_wrapper(address):\n",
          "    if address.is_global or _is_public_wrapper(address):\n",
          f"{POLICY}test_inside_addresses_are_refused"),
    Guard(8, "crawler/guard.py", '            raise NotAllowed("bad-scheme")\n', "            return\n",
          "crawler/test_borders.py::test_only_web_addresses_pass"),
    Guard(8, "crawler/settings.py", '            "file": None,\n', "",
          "crawler/test_borders.py::test_no_handler_opens_anything_else"),
    Guard(9, "crawler/settings.py", '"REDIRECT_MAX_TIMES": MAX_REDIRECTS,', '"REDIRECT_MAX_TIMES": 1000,',
          f"{SERVER}test_redirect_loop"),
    Guard(9, "crawler/engine.py", '        if self.counts["requests"] >= self.spec.max_pages:\n',
          "        if False:\n", f"{SERVER}test_endless_pages_end_at_the_bound"),
    Guard(9, "crawler/engine.py", "        if reading.is_list and not is_new_list_page(reading, walk):\n",
          "        if False:\n", f"{SERVER}test_a_list_that_repeats_itself_ends"),
    Guard(9, "crawler/entering.py", "        return self._renewals >= 0\n", "        return True\n",
          "crawler/test_accounts.py::test_a_site_that_ends_every_session_is_not_pressed"),
    Guard(10, "crawler/engine.py", '{"download_timeout": self.spec.timeout}', '{"download_timeout": 180.0}',
          f"{SERVER}test_a_drip_ends_at_the_time_out"),
    Guard(10, "egress/proxy.py", "            async with asyncio.timeout(self._limits.header_seconds):\n",
          "            if True:\n", f"{PROXY}test_slow_and_endless_headers_end"),
    Guard(10, "egress/proxy.py", "            async with asyncio.timeout(self._limits.total_seconds):\n",
          "            if True:\n", f"{PROXY}test_no_server_holds_a_connection_for_ever"),
    Guard(10, "egress/proxy.py", "            if self._left <= 0:\n", "            if False:\n",
          f"{PROXY}test_no_server_holds_a_connection_for_ever"),
    Guard(11, "vigie/long_files.py", "kept = body[-self._overlap :]", 'kept = b""',
          "matching/test_window_edges.py::test_windows_hold_every_byte"),
    Guard(11, "extraction/read.py", "        self.budget.open = None\n", "",
          f"{TEXTS}test_nothing_but_its_answer_holds_a_text"),
    Guard(11, "extraction/child.py", "        gc.collect()\n        if trim is not None:\n"
          "            trim(0)\n", "        gc.disable()\n",
          f"{TEXTS}test_what_readers_leave_in_circles_is_given_back"),
    Guard(12, "egress/request.py", r":([^\r\n\x00]*)", r":[ \t]*([^\r\n\x00]*?)[ \t]*",
          "hostile/test_every_pattern.py::test_twice_the_length_costs_less_than_thrice[egress]"),
    Guard(13, "extraction/office.py", "        raise DeclaresEntities\n", "        return\n",
          "extraction/test_documents.py::test_entities_are_refused_and_said"),
    Guard(14, "extraction/charset.py", "    return western(error.object[error.start : error.end]), error.end",
          '    return "", error.end', "extraction/test_charset.py::test_mixed_encodings_in_one_file_are_both_read"),
    Guard(14, "extraction/layers.py", '(self._text or "").encode("utf-8", "surrogatepass")',
          '(self._text or "").encode("utf-8")', f"{SANDBOX}test_an_answer_survives_the_way"),
    Guard(15, "matching/normalise/fold.py", 'in HIDDEN or unicodedata.category(character) in ("Mn", "Cf", "Me")',
          "in HIDDEN", "matching/test_fold.py::test_folding"),
    Guard(15, "matching/normalise/fold.py", "LOOK_ALIKES = dict(\n",
          "LOOK_ALIKES: dict[str, str] = {} and dict(\n", "matching/test_fold.py::test_folding"),
    Guard(16, "matching/keys.py", "        return kdf.derive(self.secret)\n",
          '        return kdf.derive(self.secret) if not purpose.startswith("siphash") else bytes(length)\n',
          "matching/test_index_thief.py::test_a_dictionary_of_bare_hashes_finds_nobody"),
    Guard(17, "extraction/confine.py", "        (resource.RLIMIT_AS, memory),\n"
          "        # A library asks this one how much it may take, and else looks into /proc.\n"
          "        (resource.RLIMIT_DATA, memory),\n", "",
          f"{SANDBOX}test_a_child_that_fails_costs_its_document_only[memory-ChildDied-memory]"),
    Guard(17, "extraction/confine.py",
          "    return _filter(row, [*own_limits, *waiting, *_each(MAY, row, YES), NO])",
          "    return bool(own_limits and waiting)",
          f"{SANDBOX}test_the_kernel_refuses_the_child_every_way_out[fork]"),
    Guard(17, "extraction/sandbox.py", "os.killpg(process.pid, signal.SIGKILL)", "process.kill()",
          f"{SANDBOX}test_what_the_child_started_ends_with_it"),
    Guard(17, "crawler/watchdog.py", "                if used > self._memory:\n",
          "                if False:\n", f"{CHILD}test_too_much_memory_ends_it"),
    Guard(18, "extraction/pipe.py",
          "    if head_length > MAX_HEADER or body_length > max_body:\n", "    if False:\n",
          f"{SANDBOX}test_a_child_that_fails_costs_its_document_only[long-header-ChildDied-protocol]"),
    Guard(18, "extraction/pipe.py", "        if not part:\n", "        if not part and missing == size:\n",
          f"{SANDBOX}test_a_child_that_fails_costs_its_document_only[half-ChildDied-status 0]"),
    Guard(18, "extraction/messages.py", "                if whole > 1:\n", "                if False:\n",
          f"{SANDBOX}test_a_plain_text_is_not_sent_back"),
    Guard(18, "matching/kernel/folding.py", "    if point > LAST_POINT:\n", "    if False:\n",
          "matching/test_fold.py::test_a_stray_sequence_is_blank"),
    Guard(18, "extraction/messages.py", "    if at != len(untrusted_body):\n", "    if False:\n",
          f"{SANDBOX}test_a_child_that_fails_costs_its_document_only[spare-bytes-ChildDied-protocol]"),
    Guard(18, "crawler/watchdog.py", "            if now - began > self._seconds:\n",
          "            if False:\n", f"{CHILD}test_a_hanging_child_is_killed_with_its_group"),
    Guard(18, "crawler/watchdog.py", "            self._child.socket.shutdown(socket.SHUT_RDWR)\n",
          "            pass\n", f"{CHILD}test_one_that_leaves_its_group_with_the_socket_holds_nothing_up"),
    Guard(18, "crawler/messages.py", "        if not 0 <= size <= len(untrusted_body):\n", "        if False:\n",
          "crawler/test_exchange.py::test_a_lying_child_is_refused"),
    Guard(19, "crawler/tabs.py", "                    async with asyncio.timeout(bound):\n", "                    if True:\n",
          f"{BROWSER}test_dialogs_and_endless_scripts_end"),
    Guard(19, "crawler/rendering.py", "request.kind in UNNEEDED or request.method not in SAFE_METHODS",
          "request.kind in UNNEEDED", f"{BROWSER}test_nothing_is_sent_and_nothing_useless_is_loaded"),
    Guard(19, "crawler/window.py", '            self._shut(target["targetId"])\n',
          '            self.tools.tell("Runtime.runIfWaitingForDebugger", {}, session)\n',
          "crawler/test_tabs.py::test_a_second_window_asks_for_nothing"),
    Guard(19, "crawler/window.py", 'max(params["receivedBytes"], params["totalBytes"]) > MAX_BODY', "False",
          "crawler/test_browser_files.py::test_a_file_without_an_end_is_cut_off"),
    Guard(19, "egress/proxy.py", "            if not self._is_ours(request):\n", "            if False:\n",
          f"{BROWSER}test_nobody_else_goes_out_through_the_proxy_of_the_browser"),
    Guard(20, "crawler/settings.py", '        "REFERER_ENABLED": False,\n', "",
          f"{HEADERS}test_no_policy_makes_us_tell_where_we_come_from[unsafe-url]"),
    Guard(20, "crawler/session.py", "    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True",
          "    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False",
          f"{HEADERS}test_a_cookie_for_a_public_suffix_is_refused"),
)  # fmt: skip
