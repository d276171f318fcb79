import {
  AmbientLight,
  Box3,
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  GridHelper,
  LineBasicMaterial,
  LinearSRGBColorSpace,
  LineSegments,
  Mesh as Solid,
  MeshLambertMaterial,
  PerspectiveCamera,
  Scene,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import type { Drawing } from "@/components/preview/read.worker";

const BED_MM = 256;
const GRID_MM = 16;
const MOST_PIXELS = 2;
const KEY_TURN = Math.PI / 24;
const KEY_ZOOM = 1.15;

/** The colour itself: three.js would take it for one that is turned into light first, and show it darker. */
function asWritten(hex: number): Color {
  return new Color().setHex(hex, LinearSRGBColorSpace);
}

/** A drawing on a bed that can be turned; draws only when something changed. */
export class Stage {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(40, 1, 1, 4000);
  private readonly controls: OrbitControls;
  private readonly watcher: ResizeObserver;
  private readonly geometry = new BufferGeometry();
  private readonly material: LineBasicMaterial | MeshLambertMaterial;
  private readonly grid: GridHelper;
  private frame = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    drawing: Drawing,
    isDark: boolean,
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    // The colours are meant as they stand in the legend.
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, MOST_PIXELS));
    this.camera.up.set(0, 0, 1);
    this.grid = new GridHelper(BED_MM, BED_MM / GRID_MM, asWritten(isDark ? 0x858d9a : 0x6f7782), asWritten(isDark ? 0x4a505a : 0xb4bac4));
    this.grid.rotateX(Math.PI / 2);
    this.grid.position.set(BED_MM / 2, BED_MM / 2, 0);
    this.scene.add(this.grid, new AmbientLight(0xffffff, 1));
    const sun = new DirectionalLight(0xffffff, 2);
    sun.position.set(-1, -2, 3);
    this.scene.add(sun);
    this.material = this.add(drawing);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener("change", () => this.draw());
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(canvas.parentElement ?? canvas);
    this.resize();
    this.look();
  }

  /** Show the points from one to another: a layer, or all up to it. */
  show(from: number, to: number): void {
    this.geometry.setDrawRange(from, to - from);
    this.draw();
  }

  turn(right: number, up: number): void {
    const spoke = this.camera.position.clone().sub(this.controls.target);
    spoke.applyAxisAngle(this.camera.up, -right * KEY_TURN);
    const side = new Vector3().crossVectors(this.camera.up, spoke).normalize();
    const lifted = spoke.clone().applyAxisAngle(side, -up * KEY_TURN);
    const tilt = lifted.angleTo(this.camera.up);
    this.camera.position.copy(this.controls.target).add(tilt > 0.05 && tilt < Math.PI - 0.05 ? lifted : spoke);
    this.controls.update();
  }

  zoom(nearer: boolean): void {
    const spoke = this.camera.position.clone().sub(this.controls.target);
    this.camera.position.copy(this.controls.target).add(spoke.multiplyScalar(nearer ? 1 / KEY_ZOOM : KEY_ZOOM));
    this.controls.update();
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.watcher.disconnect();
    this.controls.dispose();
    this.geometry.dispose();
    this.material.dispose();
    this.grid.dispose();
    this.renderer.dispose();
  }

  private add(drawing: Drawing): LineBasicMaterial | MeshLambertMaterial {
    if (drawing.kind === "toolpath") {
      const { positions, colors } = drawing.toolpath;
      this.geometry.setAttribute("position", new BufferAttribute(positions, 3));
      this.geometry.setAttribute("color", new BufferAttribute(colors, 3, true));
      const material = new LineBasicMaterial({ vertexColors: true });
      this.scene.add(new LineSegments(this.geometry, material));
      return material;
    }
    this.geometry.setAttribute("position", new BufferAttribute(drawing.mesh.positions, 3));
    this.geometry.setIndex(new BufferAttribute(drawing.mesh.corners, 1));
    this.geometry.computeVertexNormals();
    const material = new MeshLambertMaterial({ flatShading: true });
    material.color.setHex(0xf28c28, LinearSRGBColorSpace);
    this.scene.add(new Solid(this.geometry, material));
    return material;
  }

  private look(): void {
    this.geometry.computeBoundingBox();
    const box = this.geometry.boundingBox ?? new Box3();
    const middle = box.getCenter(new Vector3());
    const reach = Math.max(box.getSize(new Vector3()).length(), 20);
    const distance = (reach * 1.5) / Math.min(this.camera.aspect, 1);
    this.camera.position.copy(middle).add(new Vector3(-0.35, -1, 0.65).setLength(distance));
    this.controls.target.copy(middle);
    this.controls.update();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas.parentElement ?? this.canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.renderer.render(this.scene, this.camera));
  }
}
