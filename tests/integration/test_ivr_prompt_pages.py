"""The pages of the prompts over HTTP: found, heard, uploaded, used, undone, and who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hotline.web import MAX_UPLOAD_BYTES
from kernel.language import Language
from kernel.telephony import Prompt
from tests.integration.prompts_site import CSRF, Site
from tests.integration.studio_files import tone, wav_file

PAGE = "/ivr-prompts/zh/hello"
AUDIO = "/api/ivr-prompts/zh/hello/audio"
HELLO = Prompt("hello", Language.MANDARIN)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    return wav_file(tmp_path / "made.wav", tone(lead=0.4)).read_bytes()


async def sent(
    browser: httpx.AsyncClient, body: bytes, name: str = "hello.wav", page: str = PAGE
) -> httpx.Response:
    return await browser.post(page, data=CSRF, files={"sound": (name, body)})


# --- the list -------------------------------------------------------------------------------------


async def test_list_shows_text_voice_length_and_where_each_is_said(site: Site) -> None:
    async with site.browser("qa01") as browser:
        page = (await browser.get("/ivr-prompts")).text
    assert "广州12345热线，&lt;您好&gt;。" in page
    assert "合成语音" in page
    assert "1.5秒" in page
    assert "来电导航" in page
    assert "欢迎语" in page
    assert "排队等候" in page
    assert page.count("data-sound") == 6
    assert page.count("没有声音") >= 3


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("q=热线", ("zh/hello", "yue/hello"), ("en/hello", "zh/mute")),
        ("only=missing", ("zh/mute", "en/mute"), ("zh/hello",)),
        ("only=synthetic&language=en", ("en/hello", "en/waiting_on"), ("zh/hello", "en/mute")),
        ("flow=main", ("zh/hello",), ("zh/waiting_on", "zh/mute")),
        ("flow=unused", ("zh/mute",), ("zh/hello", "zh/waiting_on")),
        ("only=nonsense&flow=nonsense&language=fr&cursor=../x", ("zh/hello", "zh/mute"), ()),
    ],
)
async def test_list_is_narrowed_by_what_the_address_says(
    site: Site, query: str, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    async with site.browser() as browser:
        page = (await browser.get(f"/ivr-prompts?{query}")).text
    assert [key for key in shown if f'href="/ivr-prompts/{key}"' not in page] == []
    assert [key for key in hidden if f'href="/ivr-prompts/{key}"' in page] == []


async def test_list_without_a_find_says_what_to_do_in_both_languages(site: Site) -> None:
    async with site.browser() as browser:
        assert "没有符合条件的提示音" in (await browser.get("/ivr-prompts?q=xyzzy")).text
    async with site.browser(language="en") as browser:
        page = (await browser.get("/ivr-prompts?q=xyzzy")).text
        assert "No prompt is like that" in page
        assert "Synthetic voice" in (await browser.get("/ivr-prompts")).text


# --- the sound ------------------------------------------------------------------------------------


async def test_sound_comes_whole_and_in_ranges(site: Site) -> None:
    async with site.browser("qa01") as browser:
        whole = await browser.get(AUDIO)
        part = await browser.get(AUDIO, headers={"range": "bytes=100-199"})
        behind = await browser.get(AUDIO, headers={"range": "bytes=9999999-"})
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
    assert whole.headers["accept-ranges"] == "bytes"
    assert len(whole.content) == 44 + 2 * 12000
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert behind.status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        "/api/ivr-prompts/zh/mute/audio",
        "/api/ivr-prompts/zh/nothing/audio",
        "/api/ivr-prompts/fr/hello/audio",
        "/api/ivr-prompts/zh/..%2Fyue%2Fhello/audio",
        "/api/ivr-prompts/..%2F..%2Fetc/passwd/audio",
        f"{AUDIO}?take=1",
        "/ivr-prompts/zh/nothing",
        "/ivr-prompts/fr/hello",
    ],
)
async def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    async with site.browser() as browser:
        assert (await browser.get(path)).status_code == 404


# --- a recording ----------------------------------------------------------------------------------


async def test_recording_is_heard_first_then_used_then_undone(site: Site, recording: bytes) -> None:
    prompts = site.room.prompts
    async with site.browser() as browser:
        assert (await sent(browser, recording)).status_code == 303
        page = (await browser.get(PAGE)).text
        assert "待启用" in page
        assert f'data-sound="{AUDIO}?take=1"' in page
        assert prompts.place(HELLO).startswith(str(site.folder / "prompts"))
        heard = await browser.get(f"{AUDIO}?take=1")
        assert (heard.status_code, heard.content[:4]) == (200, b"RIFF")
        used = await browser.post(f"{PAGE}/takes/1/use", data=CSRF)
        assert used.status_code == 303
        assert prompts.place(HELLO) == str(site.folder / "takes" / "zh" / "hello-1")
        assert {p.suffix for p in (site.folder / "takes" / "zh").iterdir()} == {
            ".wav",
            ".alaw",
            ".ulaw",
        }
        page = (await browser.get(PAGE)).text
        assert "真人录音" in page
        assert "对比合成语音" in page
        assert "撤下，恢复合成语音" in page
        assert "真人录音" in (await browser.get("/ivr-prompts?only=recorded")).text
        undone = await browser.post(f"{PAGE}/undo", data={**CSRF, "current": "1"})
        assert undone.status_code == 303
        assert "再次启用" in (await browser.get(PAGE)).text
    assert prompts.place(HELLO).startswith(str(site.folder / "prompts"))
    assert site.room.audit.actions == [
        "prompt_take_uploaded",
        "prompt_take_used",
        "prompt_take_withdrawn",
    ]


async def test_second_administrator_does_not_undo_what_he_has_not_seen(
    site: Site, recording: bytes
) -> None:
    async with site.browser() as browser:
        for _ in range(2):
            await sent(browser, recording)
        await browser.post(f"{PAGE}/takes/1/use", data=CSRF)
        late = await browser.post(f"{PAGE}/takes/2/use", data=CSRF)
        assert late.status_code == 409
        assert "这段提示音刚被别人更换过，请刷新后再操作" in late.text
        assert (await browser.post(f"{PAGE}/undo", data=CSRF)).status_code == 409
        assert (await browser.post(f"{PAGE}/takes/9/use", data=CSRF)).status_code == 404


@pytest.mark.parametrize(
    ("body", "chinese", "english"),
    [
        (b"", "文件是空的", "The file is empty"),
        (b"\x7fELF" + bytes(9000), "这是程序文件，不是录音", "This is a program, not a recording"),
        (b"ID3\x04" + bytes(9000), "导出WAV或FLAC", "Export WAV or FLAC"),
    ],
)
async def test_refusal_is_a_sentence_in_the_readers_language(
    site: Site, body: bytes, chinese: str, english: str
) -> None:
    for language, said in (("zh", chinese), ("en", english)):
        async with site.browser(language=language) as browser:
            answer = await sent(browser, body)
        assert answer.status_code == 422
        assert said in answer.text
    assert site.room.audit.actions == []


async def test_refusal_tells_figures_and_leaves_callers_alone(site: Site, tmp_path: Path) -> None:
    quiet = wav_file(tmp_path / "quiet.wav", tone(9.0, level=0.003)).read_bytes()
    async with site.browser(language="en") as browser:
        answer = await sent(browser, quiet)
    assert answer.status_code == 422
    assert "The recording lasts 9.0 s" in answer.text
    assert "It is too quiet (-53 dBFS" in answer.text
    assert "%(" not in answer.text
    assert site.room.prompts.place(HELLO).startswith(str(site.folder / "prompts"))
    assert not (site.folder / "takes").exists()


async def test_form_without_a_file_says_so(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.post(PAGE, data={**CSRF, "sound": "just text"})
    assert answer.status_code == 422
    assert "请先选择录音文件" in answer.text


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "a\\..\\b.wav", "x" * 400 + ".wav", "-rf.wav"]
)
async def test_name_of_the_file_means_nothing(site: Site, recording: bytes, name: str) -> None:
    async with site.browser() as browser:
        assert (await sent(browser, recording, name)).status_code == 303
        await browser.post(f"{PAGE}/takes/1/use", data=CSRF)
    assert [p.stem for p in (site.folder / "takes").rglob("*.wav")] == ["hello-1"]
    assert {p.name for p in site.folder.iterdir()} == {"prompts", "takes", "made.wav"}


# --- too much, and strangers ----------------------------------------------------------------------


async def test_half_a_gigabyte_is_refused_by_its_announced_length(site: Site) -> None:
    headers = {"content-length": str(500 * 1024**2), "content-type": "multipart/form-data"}
    async with site.browser() as browser:
        answer = await browser.post(PAGE, content=b"", headers=headers)
        assert answer.status_code == 413
        assert "请求内容过大" in answer.text
        assert "The request is too large" in answer.text
        json = await browser.post(PAGE, content=b"", headers={**headers, "accept": "*/*"})
        assert json.json()["error"] == "too_large"


async def test_endless_body_is_cut_off_at_the_limit(site: Site) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        head = b'--x\r\ncontent-disposition: form-data; name="sound"; filename="a.wav"\r\n\r\n'
        yield head
        for _ in range(500):
            read += 1024**2
            yield bytes(1024**2)

    async with site.browser() as browser:
        kind = {"content-type": "multipart/form-data; boundary=x", "x-csrf-token": "token"}
        answer = await browser.post(PAGE, content=endless(), headers=kind)
    assert answer.status_code == 413
    assert read <= MAX_UPLOAD_BYTES + 2 * 1024**2


async def test_stranger_is_sent_away_before_a_byte_of_the_body_is_read(site: Site) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(10):
            read += 1024**2
            yield bytes(1024**2)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    for account, status in ((None, 303), ("qa01", 403), ("op0001", 403)):
        async with site.browser(account) as browser:
            answer = await browser.post(PAGE, content=body(), headers=kind)
        assert (answer.status_code, read) == (status, 0)


@pytest.mark.parametrize(
    "path", [PAGE, f"{PAGE}/takes/1/use", f"{PAGE}/takes/1/discard", f"{PAGE}/undo"]
)
async def test_nothing_changes_without_the_right_or_the_token(site: Site, path: str) -> None:
    async with site.browser("qa01") as browser:
        assert (await browser.post(path, data=CSRF)).status_code == 403
        assert "上传录音" not in (await browser.get(PAGE)).text
    async with site.browser() as browser:
        assert (await browser.post(path, data={"csrf_token": "forged"})).status_code == 403
    async with site.browser("op0001") as browser:
        assert (await browser.get("/ivr-prompts")).status_code == 403
