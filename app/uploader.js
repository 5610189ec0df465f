// Sends videos to the disk of this computer, one after the other, without holding them in memory.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".drop");
  const input = root.querySelector("input");
  const list = root.querySelector("ul");
  input.multiple = Boolean(data.several);
  input.accept = data.endings.join(",");

  const send = (file, row) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/gait/upload?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-Gait-Token", data.token);
    request.upload.onprogress = (event) => {
      const share = event.lengthComputable ? Math.round((100 * event.loaded) / event.total) : 0;
      row.textContent = `${file.name}: ${share} %`;
    };
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { answer = {}; }
      row.textContent = request.status === 200 ? `✓ ${file.name}` : `✕ ${file.name}: ${answer.message || request.status}`;
      resolve(request.status === 200 ? answer.path : null);
    };
    request.onerror = () => { row.textContent = `✕ ${file.name}: the connection broke off`; resolve(null); };
    request.send(file);
  });

  const take = async (files) => {
    input.disabled = true;
    list.replaceChildren();
    const paths = [];
    for (const file of files) {
      const row = document.createElement("li");
      row.textContent = `${file.name}: waiting`;
      list.appendChild(row);
      const path = await send(file, row);
      if (path) paths.push(path);
    }
    input.disabled = false;
    input.value = "";
    if (paths.length) setTriggerValue("paths", paths);
  };

  input.onchange = () => take([...input.files]);
  root.ondragover = (event) => { event.preventDefault(); root.classList.add("over"); };
  root.ondragleave = () => root.classList.remove("over");
  root.ondrop = (event) => {
    event.preventDefault();
    root.classList.remove("over");
    take([...event.dataTransfer.files].slice(0, data.several ? 50 : 1));
  };
}
